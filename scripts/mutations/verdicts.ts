import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Mutation } from "./mutation.ts";

/** What tests or histories say of a tree. `NO VERDICT`: their time was out. */
export interface Verdict {
  said: "red" | "GREEN" | "NO TEST" | "NO VERDICT";
  /** The first line that tells what failed. */
  failed: string;
}

/** Longer than a test's patience for a condition (`until`, 200 s), so that waiting in vain is a verdict too. */
const TESTS_MS = 300_000;
/** Plenty: most rules are found within the first 50. The time is for all of them, on a busy machine. */
const HISTORIES = 400;
const HISTORIES_S = 1_800;
const GRACE_MS = 60_000;
const run = promisify(execFile);

interface Failed {
  stdout?: string;
  stderr?: string;
  code?: number | string | null;
  signal?: string | null;
  killed?: boolean;
}

/** Which of some test files are red in a copy of the tree: in a run of all, and then alone as well. */
export async function redFiles(copy: string, bin: string, tests: readonly string[]): Promise<string[]> {
  if (tests.length === 0) return [];
  const report = join(copy, "red-files.json");
  const args = ["run", "--project", "!e2e", "--reporter", "json", "--outputFile", report, ...tests];
  await run(join(bin, "vitest"), args, { cwd: copy, maxBuffer: 50_000_000 }).catch(() => undefined);
  const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
    testResults: { name: string; status: string }[];
  };
  const passed = new Set(testResults.filter(({ status }) => status === "passed").map(({ name }) => name));
  const red: string[] = [];
  for (const test of tests) {
    if (passed.has(join(copy, test))) continue;
    if ((await verdictOfTests(copy, bin, [test])).said !== "GREEN") red.push(test);
  }
  return red;
}

/** Runs test files in a copy of the tree. `bin`: where vitest is. */
export async function verdictOfTests(copy: string, bin: string, tests: readonly string[]): Promise<Verdict> {
  const absent: string[] = [];
  for (const test of tests) await readFile(join(copy, test)).catch(() => absent.push(test));
  if (absent.length > 0) return { said: "NO TEST", failed: absent.join(", ") };
  try {
    // A change may make a test wait in vain: a shorter wait than the configuration's is a verdict too.
    const args = ["run", "--project", "!e2e", "--no-color", "--bail", "1", "--testTimeout", "60000", ...tests];
    await run(join(bin, "vitest"), args, { cwd: copy, timeout: TESTS_MS, maxBuffer: 50_000_000 });
    return { said: "GREEN", failed: "" };
  } catch (error) {
    const { stdout = "", stderr = "", code, signal, killed } = error as Failed;
    const first = /^.*(?:FAIL|Error:).*$/m.exec(`${stdout}\n${stderr}`)?.[0]?.trim();
    if (first !== undefined) return { said: "red", failed: first };
    // Without a failed test there is none: no test was found, say.
    if (killed) return { said: "NO VERDICT", failed: "its time ran out before a test failed" };
    return { said: "NO TEST", failed: `it ended with ${signal ?? code}: ${stderr.trim().split("\n").at(-1)}` };
  }
}

/** Plays random histories over a copy of the tree. */
export async function verdictOfHistories(
  copy: string,
  { favourites = [] }: NonNullable<Mutation["histories"]>,
): Promise<Verdict> {
  const args = ["test/world/histories/play-main.ts", String(HISTORIES), "1", String(HISTORIES_S)];
  const env = { ...process.env, FAVOURITES: JSON.stringify(favourites) };
  const timeout = HISTORIES_S * 1_000 + GRACE_MS;
  const { stdout = "", stderr = "" } = await run(process.execPath, args, { cwd: copy, env, timeout }).catch(
    (error: Failed) => error,
  );
  const told = /^\{"verdict".*$/m.exec(stdout)?.[0];
  if (told === undefined) return { said: "NO TEST", failed: stderr.trim().split("\n").at(-1) ?? "" };
  const { verdict, said, bad } = JSON.parse(told) as { verdict: string; said: string; bad: string[] };
  if (verdict === "none") return { said: "NO VERDICT", failed: said };
  return verdict === "broken" ? { said: "red", failed: `${said}: ${bad[0] ?? ""}` } : { said: "GREEN", failed: said };
}
