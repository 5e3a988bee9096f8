import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RULES } from "./mutations.ts";
import type { Verdict } from "./verdict.ts";

/** Plenty: most are found within the first 50. */
const HISTORIES = 400;
/** For all of them, on a busy machine. */
const TIME_S = 1_800;
const GRACE_MS = 60_000;

interface Told extends Pick<Verdict, "said"> {
  verdict: Verdict["kind"];
  bad: string[];
  code: number | null;
}

/** What a run of its own says. */
function playFor(histories: number, seconds: number, name?: string): Promise<Told> {
  const hook = name === undefined ? [] : ["--import", `${import.meta.dirname}/mutate-hook.ts`];
  const main = `${import.meta.dirname}/play-main.ts`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...hook, main, String(histories), "1", String(seconds)], {
      env: { ...process.env, MUTATION: name },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const told = /^\{"verdict".*$/m.exec(output)?.[0];
      if (told === undefined) reject(new Error(`it ended with ${code} and said nothing: ${output}`));
      else resolve({ ...(JSON.parse(told) as Omit<Told, "code">), code });
    });
  });
}

describe("the mutations of the histories", () => {
  it.each(RULES)("$name changes a line that is there exactly once", ({ file, find, replace }) => {
    expect(readFileSync(file, "utf8").split(find).length - 1).toBe(1);
    expect(replace).not.toBe(find);
  });
});

describe("a run of histories", () => {
  it("whose time is out gives no verdict, and says how many it has played", async () => {
    const { verdict, said, bad, code } = await playFor(1_000_000, 0.001);
    expect({ verdict, bad, code }).toEqual({ verdict: "none", bad: [], code: 2 });
    expect(said).toMatch(/^no verdict: played \d+ of 1000000 histories/);
  }, 120_000);

  it("that comes to its end says that they held", async () => {
    expect(await playFor(1, 100)).toEqual({ verdict: "held", said: "held: 1 histories", bad: [], code: 0 });
  }, 120_000);
});

// Each rule plays up to 400 histories of a second: the nightly workflow has the time (HISTORY_MUTATIONS=true).
describe.runIf(process.env.HISTORY_MUTATIONS === "true")("a rule that is switched off turns the histories red", () => {
  it.each(RULES)(
    "$name – $breaks",
    async ({ name }) => {
      const { verdict, said, bad, code } = await playFor(HISTORIES, TIME_S, name);
      // Neither green nor red.
      if (verdict === "none") throw new Error(said);
      expect({ verdict, code }).toEqual({ verdict: "broken", code: 1 });
      expect(bad.join("\n")).not.toBe("");
    },
    TIME_S * 1_000 + GRACE_MS,
  );
});
