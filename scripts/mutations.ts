// `npm run mutations [-- --only P4,F1] [-- --slice 2/4] [-- --workers 2]`: breaks each promise with one line in a temporary copy of the tree
// and runs the tests that must then fail. Prints a table; exits 1 if any stays green, if a test is red without the change, or if a promise
// has none. A slice is every fourth mutation, say: CI takes another one with each commit, and all of them by night.
import { execFile } from "node:child_process";
import { cp, glob, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { parseArgs, promisify } from "node:util";
import { MUTATIONS } from "./mutations/list.ts";
import { type Mutation, PROMISES } from "./mutations/promises.ts";

const ROOT = process.cwd();
const SKIPPED = new Set(["node_modules", ".git", ".wrangler", "dist", ".cache"]);
const run = promisify(execFile);

/** A folder of links to everything installed, except our own packages: those are the copy's. */
async function linkModules(copy: string, folder: string): Promise<void> {
  const from = join(ROOT, folder, "node_modules");
  const names = await readdir(from).catch(() => []);
  if (names.length === 0) return;
  await mkdir(join(copy, folder, "node_modules"), { recursive: true });
  for (const name of names) {
    const to = join(copy, folder, "node_modules", name);
    if (name === ".vite" || name === ".cache") continue;
    if (name !== "@prewarm") await symlink(join(from, name), to);
    else await linkOwn(copy, join(from, name), to);
  }
}

/** Our own packages, which find each other by name. */
async function linkOwn(copy: string, from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from))
    await symlink(join(copy, relative(ROOT, await realpath(join(from, name)))), join(to, name));
}

async function copyTree(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "prewarm-mutations-"));
  await cp(ROOT, copy, { recursive: true, filter: (path) => !SKIPPED.has(basename(path)) });
  await linkModules(copy, ".");
  for await (const folder of glob("{workers,packages,apps}/*", { cwd: ROOT })) await linkModules(copy, folder);
  return copy;
}

/** No test of it was found, say: that is no test that fails. */
const NOT_RUN = "it did not run";
/** No test has failed until the time was out: that is no verdict. */
const OUT_OF_TIME = "its time ran out before a test failed";

/** Null when all passed; else the first line that tells what failed. */
async function failureOf(copy: string, tests: readonly string[]): Promise<string | null> {
  const projects = ["--project", "node", "--project", "workerd-consumer"];
  const args = ["vitest", "run", ...projects, "--no-color", "--bail", "1", ...tests];
  const [command = "", ...rest] = [join(ROOT, "node_modules/.bin", args[0] ?? ""), ...args.slice(1)];
  try {
    // Histories and made inputs that notice do so among the first.
    const env = { ...process.env, HISTORIES: "400", FUZZ_RUNS: "10000" };
    await run(command, rest, { cwd: copy, env, timeout: 120_000, maxBuffer: 50_000_000 });
    return null;
  } catch (error) {
    const { stdout = "", stderr = "", killed } = error as { stdout?: string; stderr?: string; killed?: boolean };
    const first = /^.*(?:FAIL|Error:).*$/m.exec(`${stdout}\n${stderr}`)?.[0]?.trim();
    return first ?? (killed ? OUT_OF_TIME : NOT_RUN);
  }
}

async function missingTests(copy: string, { tests }: Mutation): Promise<string[]> {
  const absent: string[] = [];
  for (const test of tests) await readFile(join(copy, test)).catch(() => absent.push(test));
  return absent;
}

interface Result {
  mutation: Mutation;
  verdict: "red" | "GREEN" | "NOT FOUND" | "NO TEST" | "NO VERDICT" | "RED BEFORE";
  failed: string;
}

async function tryOne(copy: string, mutation: Mutation, redBefore: ReadonlySet<string>): Promise<Result> {
  const path = join(copy, mutation.file);
  const source = await readFile(path, "utf8").catch(() => "");
  const absent = await missingTests(copy, mutation);
  if (absent.length > 0) return { mutation, verdict: "NO TEST", failed: absent.join(", ") };
  if (source.split(mutation.find).length !== 2)
    return { mutation, verdict: "NOT FOUND", failed: "the line to change is not there exactly once" };
  if (mutation.tests.some((test) => redBefore.has(test)))
    return { mutation, verdict: "RED BEFORE", failed: "a test fails without the change" };
  // A function, so that `$` in the replacement means itself.
  await writeFile(
    path,
    source.replace(mutation.find, () => mutation.replace),
  );
  const failure = await failureOf(copy, mutation.tests);
  await writeFile(path, source);
  if (failure === NOT_RUN) return { mutation, verdict: "NO TEST", failed: failure };
  if (failure === OUT_OF_TIME) return { mutation, verdict: "NO VERDICT", failed: failure };
  return { mutation, verdict: failure === null ? "GREEN" : "red", failed: failure ?? "" };
}

async function testsRedBefore(copy: string, mutations: readonly Mutation[]): Promise<Set<string>> {
  const red = new Set<string>();
  const all = [...new Set(mutations.flatMap(({ tests }) => tests))];
  if ((await failureOf(copy, all)) === null) return red;
  for (const test of all) if ((await failureOf(copy, [test])) !== null) red.add(test);
  return red;
}

function printRow({ mutation, verdict, failed }: Result): void {
  const { promise, breaks, file } = mutation;
  const test = failed.replace(/^FAIL\s+(\|node\||node)?\s*/, "").replace(/\|/g, "/");
  console.log(`| ${promise} | ${file.split("/").at(-1)} | ${breaks} | ${verdict} | ${test.slice(0, 160)} |`);
}

interface Flags {
  mutations: Mutation[];
  workers: number;
}

function flagsOf(): Flags {
  const { only, slice, workers } = parseArgs({
    options: {
      only: { type: "string" },
      slice: { type: "string", default: "1/1" },
      workers: { type: "string", default: "2" },
    },
    args: process.argv.slice(2).filter((argument) => argument !== "--"),
  }).values;
  const promises = only?.split(",");
  for (const name of promises ?? []) if (PROMISES[name] === undefined) throw new Error(`no such promise: ${name}`);
  const [i = 0, n = 0] = slice.split("/").map(Number);
  if (!(i >= 1 && i <= n)) throw new Error(`--slice ${slice}: write 1/4 to 4/4, say`);
  const named = MUTATIONS.filter(({ promise }) => promises === undefined || promises.includes(promise));
  return { mutations: named.filter((_, index) => index % n === i - 1), workers: Number(workers) };
}

/** Each worker breaks a copy of its own. Returns how many mutations did not turn their tests red. */
async function tryAll(copies: readonly string[], mutations: readonly Mutation[]): Promise<number> {
  const redBefore = await testsRedBefore(copies[0] ?? "", mutations);
  console.log("| promise | file | the change | tests | the test that failed |\n|---|---|---|---|---|");
  const queue = mutations.values();
  let bad = 0;
  const work = async (copy: string): Promise<void> => {
    // The workers share one iterator: each takes the next that is left.
    for (const mutation of queue) {
      const result = await tryOne(copy, mutation, redBefore);
      if (result.verdict !== "red") bad += 1;
      printRow(result);
    }
  };
  await Promise.all(copies.map(work));
  return bad;
}

function promisesWithout(mutations: readonly Mutation[]): string[] {
  return Object.keys(PROMISES).filter((name) => !mutations.some(({ promise }) => promise === name));
}

async function main(): Promise<number> {
  const { mutations, workers } = flagsOf();
  const copies = await Promise.all(Array.from({ length: workers }, copyTree));
  try {
    const bad = await tryAll(copies, mutations);
    const without = promisesWithout(MUTATIONS);
    for (const promise of without) console.log(`${promise} has no mutation: ${PROMISES[promise]}`);
    console.log(`\n${mutations.length} of ${MUTATIONS.length} mutations tried, ${bad} did not turn their tests red.`);
    return bad + without.length;
  } finally {
    for (const copy of copies) await rm(copy, { recursive: true, force: true });
  }
}

process.exitCode = (await main()) > 0 ? 1 : 0;
