import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RULES } from "./mutations.ts";

/** Plenty: most are found within the first 50. */
const HISTORIES = "400";

function playWithout(name: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const hook = `${import.meta.dirname}/mutate-hook.ts`;
    const child = spawn(process.execPath, ["--import", hook, `${import.meta.dirname}/play-main.ts`, HISTORIES], {
      env: { ...process.env, MUTATION: name },
    });
    let output = "";
    const gather = (chunk: Buffer): void => {
      output += chunk;
    };
    child.stdout.on("data", gather);
    child.stderr.on("data", gather);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

describe("the mutations of the histories", () => {
  it.each(RULES)("$name changes a line that is there exactly once", ({ file, find, replace }) => {
    expect(readFileSync(file, "utf8").split(find).length - 1).toBe(1);
    expect(replace).not.toBe(find);
  });
});

// Each rule plays up to 400 histories of a second: the nightly workflow has the time (HISTORY_MUTATIONS=true).
describe.runIf(process.env.HISTORY_MUTATIONS === "true")("a rule that is switched off turns the histories red", () => {
  it.each(RULES)(
    "$name – $breaks",
    async ({ name }) => {
      const { code, output } = await playWithout(name);
      expect(output).toMatch(/"bad":\[".+/);
      expect(code).toBe(1);
    },
    1_800_000,
  );
});
