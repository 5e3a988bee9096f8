// `node scripts/mutations.ts [--only P4]`: breaks each promise with one line in a temporary copy of the tree and runs the tests that
// must then fail. Prints a table; exits 1 if any stays green, if a test is red without the change, or if a promise has none.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { MUTATIONS } from "./mutations/list.ts";
import { type Mutation, PROMISES } from "./mutations/promises.ts";

const ROOT = process.cwd();
const SKIPPED = new Set(["node_modules", ".git", ".wrangler", "dist", ".cache"]);
/** Folders of the workspace whose packages find each other by name. */
const PACKAGES = [".", "packages/shared", "packages/ittybit-emulator", "workers/consumer", "workers/edge"];
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

async function linkOwn(copy: string, from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    const place = name === "shared" || name === "ittybit-emulator" ? `packages/${name}` : null;
    if (place !== null) await symlink(join(copy, place), join(to, name));
  }
}

async function copyTree(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "prewarm-mutations-"));
  await cp(ROOT, copy, { recursive: true, filter: (path) => !SKIPPED.has(basename(path)) });
  for (const folder of PACKAGES) await linkModules(copy, folder);
  return copy;
}

/** Null when all passed; else the first line that tells what failed. */
async function failureOf(copy: string, tests: readonly string[]): Promise<string | null> {
  const args = ["vitest", "run", "--project", "node", "--no-color", "--bail", "1", ...tests];
  const [command = "", ...rest] = [join(ROOT, "node_modules/.bin", args[0] ?? ""), ...args.slice(1)];
  try {
    // Histories that notice do so among the first.
    const env = { ...process.env, HISTORIES: "400" };
    await run(command, rest, { cwd: copy, env, timeout: 120_000, maxBuffer: 50_000_000 });
    return null;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return /^.*(?:FAIL|Error:).*$/m.exec(`${stdout}\n${stderr}`)?.[0]?.trim() ?? "it did not run";
  }
}

async function missingTests(copy: string, { tests }: Mutation): Promise<string[]> {
  const absent: string[] = [];
  for (const test of tests) await readFile(join(copy, test)).catch(() => absent.push(test));
  return absent;
}

interface Result {
  mutation: Mutation;
  verdict: "red" | "GREEN" | "NOT FOUND" | "NO TEST" | "RED BEFORE";
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

function chosen(): Mutation[] {
  const args = process.argv.slice(2).filter((argument) => argument !== "--");
  const { only } = parseArgs({ options: { only: { type: "string" } }, args }).values;
  if (only !== undefined && PROMISES[only] === undefined) throw new Error(`no such promise: ${only}`);
  return MUTATIONS.filter(({ promise }) => only === undefined || promise === only);
}

async function main(): Promise<number> {
  const mutations = chosen();
  const copy = await copyTree();
  let bad = 0;
  try {
    const redBefore = await testsRedBefore(copy, mutations);
    console.log("| promise | file | the change | tests | the test that failed |\n|---|---|---|---|---|");
    for (const mutation of mutations) {
      const result = await tryOne(copy, mutation, redBefore);
      if (result.verdict !== "red") bad += 1;
      printRow(result);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  if (mutations.length < MUTATIONS.length) return bad;
  for (const [promise, text] of Object.entries(PROMISES)) {
    if (MUTATIONS.some((mutation) => mutation.promise === promise)) continue;
    console.log(`${promise} has no mutation: ${text}`);
    bad += 1;
  }
  return bad;
}

process.exitCode = (await main()) > 0 ? 1 : 0;
