// `npm run mutations [-- --only P4,F1] [-- --rule samegen] [-- --column tests] [-- --slice 2/4] [-- --workers 2]`: breaks each promise with
// one change in a temporary copy of the tree, and runs what must then fail: tests, random histories, or each of the two columns of the list.
// Prints a table; exits 1 if any stays green, or if a test is red without the change. A slice is every fourth mutation, say: CI takes another
// one of the tests with each commit, and the nightly workflow all of both columns.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { copyTree } from "./mutations/copy-tree.ts";
import { MUTATIONS } from "./mutations/list.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { PROMISES } from "./mutations/promises.ts";
import { type Verdict, verdictOfHistories, verdictOfTests } from "./mutations/verdicts.ts";

const ROOT = process.cwd();
const BIN = join(ROOT, "node_modules/.bin");
const COLUMNS = ["tests", "histories"] as const;

/** What must fail under one mutation. */
interface Task {
  mutation: Mutation;
  column: (typeof COLUMNS)[number];
}

interface Result extends Task {
  verdict: Verdict["said"] | "NOT FOUND" | "RED BEFORE";
  failed: string;
}

async function tryOne(copy: string, task: Task, redBefore: ReadonlySet<string>): Promise<Result> {
  const { mutation, column } = task;
  const { file, find, replace, tests, histories } = mutation;
  const path = join(copy, file);
  const source = await readFile(path, "utf8").catch(() => "");
  if (source.split(find).length !== 2)
    return { ...task, verdict: "NOT FOUND", failed: "the line to change is not there exactly once" };
  if (column === "tests" && tests.some((test) => redBefore.has(test)))
    return { ...task, verdict: "RED BEFORE", failed: "a test fails without the change" };
  // A function, so that `$` in the replacement means itself.
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  const { said, failed } =
    column === "histories" && histories !== undefined
      ? await verdictOfHistories(copy, histories)
      : await verdictOfTests(copy, BIN, tests);
  await writeFile(path, source);
  return { ...task, verdict: said, failed };
}

async function testsRedBefore(copy: string, tasks: readonly Task[]): Promise<Set<string>> {
  const red = new Set<string>();
  const used = tasks.flatMap(({ mutation: { tests }, column }) => (column === "tests" ? tests : []));
  const all = [...new Set(used)];
  const isGreen = async (tests: readonly string[]) => (await verdictOfTests(copy, BIN, tests)).said === "GREEN";
  if (all.length === 0 || (await isGreen(all))) return red;
  for (const test of all) if (!(await isGreen([test]))) red.add(test);
  return red;
}

function printRow({ mutation, column, verdict, failed }: Result): void {
  const { promise, breaks, file, histories } = mutation;
  const by = column === "tests" ? "tests" : `histories (${histories?.rule})`;
  const test = failed.replace(/^FAIL\s+(\|node\||node)?\s*/, "").replace(/\|/g, "/");
  console.log(`| ${promise} | ${file.split("/").at(-1)} | ${breaks} | ${by} | ${verdict} | ${test.slice(0, 160)} |`);
}

interface Flags {
  tasks: Task[];
  workers: number;
}

function flagsOf(): Flags {
  const { only, rule, column, slice, workers } = parseArgs({
    options: {
      only: { type: "string" },
      rule: { type: "string" },
      column: { type: "string" },
      slice: { type: "string", default: "1/1" },
      workers: { type: "string", default: "2" },
    },
    args: process.argv.slice(2).filter((argument) => argument !== "--"),
  }).values;
  const [promises, rules] = [only?.split(","), rule?.split(",")];
  const known = new Set(MUTATIONS.map(({ histories }) => histories?.rule));
  for (const name of promises ?? []) if (PROMISES[name] === undefined) throw new Error(`no such promise: ${name}`);
  for (const name of rules ?? []) if (!known.has(name)) throw new Error(`no such rule: ${name}`);
  const columns = COLUMNS.filter((name) => column === undefined || name === column);
  if (columns.length === 0) throw new Error(`--column ${column}: write ${COLUMNS.join(" or ")}`);
  const [i = 0, n = 0] = slice.split("/").map(Number);
  if (!(i >= 1 && i <= n)) throw new Error(`--slice ${slice}: write 1/4 to 4/4, say`);
  const named = MUTATIONS.filter(({ promise, histories }) => {
    if (rules !== undefined && !rules.includes(histories?.rule ?? "")) return false;
    return promises === undefined || promises.includes(promise);
  });
  const isIn = { tests: (one: Mutation) => one.tests.length > 0, histories: (one: Mutation) => one.histories };
  const all = columns.flatMap((name) => named.filter(isIn[name]).map((mutation) => ({ mutation, column: name })));
  return { tasks: all.filter((_, index) => index % n === i - 1), workers: Number(workers) };
}

/** Each worker breaks a copy of its own. Returns how many tasks did not turn red. */
async function tryAll(copies: readonly string[], tasks: readonly Task[]): Promise<number> {
  const redBefore = await testsRedBefore(copies[0] ?? "", tasks);
  console.log("| promise | file | the change | by | verdict | what failed |\n|---|---|---|---|---|---|");
  const queue = tasks.values();
  let bad = 0;
  const work = async (copy: string): Promise<void> => {
    // The workers share one iterator: each takes the next that is left.
    for (const task of queue) {
      const result = await tryOne(copy, task, redBefore);
      if (result.verdict !== "red") bad += 1;
      printRow(result);
    }
  };
  await Promise.all(copies.map(work));
  return bad;
}

async function main(): Promise<number> {
  const { tasks, workers } = flagsOf();
  const copies = await Promise.all(Array.from({ length: workers }, () => copyTree(ROOT)));
  try {
    const bad = await tryAll(copies, tasks);
    console.log(`\n${tasks.length} tried of a list of ${MUTATIONS.length} mutations, ${bad} did not turn red.`);
    return bad;
  } finally {
    for (const copy of copies) await rm(copy, { recursive: true, force: true });
  }
}

process.exitCode = (await main()) > 0 ? 1 : 0;
