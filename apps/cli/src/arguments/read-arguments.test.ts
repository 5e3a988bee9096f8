import { describe, expect, it } from "vitest";
import { EXIT } from "../platform/exit-codes.ts";
import type { Command } from "./command.ts";
import { readCount, readDuration, readRate } from "./quantities.ts";
import { readArguments } from "./read-arguments.ts";

const command: Command = {
  name: "try",
  description: "",
  operands: { hint: "<one>", description: "", min: 1, max: 2 },
  flags: {
    many: { type: "string", description: "", multiple: true },
    kind: { type: "string", description: "", options: ["a", "b"] },
    loud: { type: "boolean", description: "", alias: "l" },
  },
  examples: [],
  run: async () => EXIT.ok,
};

describe("readArguments", () => {
  it("reads flags before and after operands, letters, repeats and what follows --", () => {
    const args = readArguments(command, ["-l", "x", "--many", "1", "--many=2", "--", "--kind"]);
    expect(args.operands).toEqual(["x", "--kind"]);
    expect([args.flag("loud"), args.list("many"), args.text("kind"), args.flag("quiet")]).toEqual([
      true,
      ["1", "2"],
      null,
      false,
    ]);
  });

  it.each([
    [["x", "--mnay", "1"], "Unknown flag --mnay. Did you mean --many?"],
    [["x", "-z"], "Unknown flag -z."],
    [["x", "--kind", "c"], "--kind takes a, b, not c."],
    [["x", "--kind", "a", "--kind", "b"], "--kind is given twice."],
    [["x", "--many="], "--many needs a value."],
    [["x", "--kind"], "argument missing"],
    [["x", "--kind", "--loud"], /ambiguous\.$/],
    [["x", "--loud=yes"], "does not take an argument"],
    [[], "prewarm try needs <one>."],
    [["x", "y", "z"], "does not take “z”"],
  ])("refuses %j", (argv, message) => {
    expect(() => readArguments(command, argv)).toThrow(message);
  });

  it("lets --help stand without the operands", () => {
    expect(readArguments(command, ["--help"]).flag("help")).toBe(true);
  });

  it("takes a flag it does not declare for a bug", () => {
    expect(() => readArguments(command, ["x"]).flag("other")).toThrow("declares no flag");
  });
});

describe("quantities", () => {
  it.each([
    ["90", 90],
    ["1.5m", 90],
    ["2h", 7200],
    ["1d", 86_400],
  ])("reads the duration %s", (text, seconds) => expect(readDuration(text, "--x")).toBe(seconds));

  it.each([
    ["50", 50],
    ["3000/m", 50],
    ["0.5/s", 0.5],
  ])("reads the rate %s", (text, rate) => expect(readRate(text, "--x")).toBe(rate));

  it.each(["", "0", "-1", "5/d", "fast", "1e3", "Infinity"])("refuses the rate %j", (text) =>
    expect(() => readRate(text, "--x")).toThrow("--x takes a rate"),
  );
  it.each(["", "-1", "1.5", "0x1"])("refuses the count %j", (text) =>
    expect(() => readCount(text, "--x", 0)).toThrow("--x"),
  );
  it.each(["", "m", "1 m", "-1s"])("refuses the duration %j", (text) =>
    expect(() => readDuration(text, "--x")).toThrow("--x"),
  );
});
