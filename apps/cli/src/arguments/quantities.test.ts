import { describe, expect, it } from "vitest";
import { readCount, readDuration, readRate } from "./quantities.ts";

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
