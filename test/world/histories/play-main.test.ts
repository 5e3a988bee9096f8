import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Verdict } from "./verdict.ts";

interface Told extends Pick<Verdict, "said"> {
  verdict: Verdict["kind"];
  bad: string[];
  code: number | null;
}

/** What a run of its own says. */
function playFor(histories: number, seconds: number): Promise<Told> {
  const args = [`${import.meta.dirname}/play-main.ts`, String(histories), "1", String(seconds)];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
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
