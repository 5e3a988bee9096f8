import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "./testing/mutations.ts";

const folder = `${import.meta.dirname}/testing/`;
/** Plenty: each mutation is found within the first 150 at present. */
const HISTORIES = "600";

function playMutated(name: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", `${folder}mutate-hook.ts`, `${folder}play-main.ts`, HISTORIES], {
      env: { ...process.env, LEDGER_MUTATION: name },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

describe("a rule that is switched off turns the histories red", () => {
  it.concurrent.each(MUTATIONS)(
    "$name – $breaks",
    async ({ name }) => {
      const { code, output } = await playMutated(name);
      expect(output).toMatch(/"bad":\[".+/);
      expect(code).toBe(1);
    },
    300_000,
  );
});
