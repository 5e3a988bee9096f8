// `npm run mutations -- [--only P4,F1] [--rule samegen] [--column tests] [--changed [COMMIT]] [--workers 2]`
// breaks each promise with one change in a temporary copy of the tree, and runs what must then fail: tests, random
// histories, or each of the two columns of the list. Prints a table; exits 1 if any stays green, or if a test is red
// without the change. --changed tries by tests the mutations whose file or tests differ from a commit (default: $BASE,
// else HEAD~1), and the rows that were changed.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BASE, changedFiles } from "./changed-files.ts";
import { chooseMutations, mutationsAt } from "./mutations/changed.ts";
import { copyTree } from "./mutations/copy-tree.ts";
import { MUTATIONS } from "./mutations/list.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { PROMISES } from "./mutations/promises.ts";
import { redFiles, type Verdict, verdictOfHistories, verdictOfTests } from "./mutations/verdicts.ts";

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

/** What the flags choose of the list. Throws at a name that no mutation has, and at flags that exclude each other. */
async function flagsOf(): Promise<Flags> {
  const { values, positionals } = parseArgs({
    options: {
      only: { type: "string" },
      rule: { type: "string" },
      column: { type: "string" },
      changed: { type: "boolean", default: false },
      workers: { type: "string", default: "2" },
    },
    allowPositionals: true,
    args: process.argv.slice(2).filter((argument) => argument !== "--"),
  });
  const { only, rule, column, changed } = values;
  const workers = Number(values.workers);
  if (!changed && positionals.length > 0) throw new Error(`no such argument: ${positionals.join(" ")}`);
  if (!changed) return { tasks: tasksOf(namedMutations(only?.split(","), rule?.split(",")), column), workers };
  if (only ?? rule ?? column) throw new Error("--changed chooses alone: leave out --only, --rule and --column");
  return { tasks: tasksOf(await changedMutations(positionals[0]), "tests"), workers };
}

function tasksOf(mutations: readonly Mutation[], column: string | undefined): Task[] {
  const columns = COLUMNS.filter((name) => column === undefined || name === column);
  if (columns.length === 0) throw new Error(`--column ${column}: write ${COLUMNS.join(" or ")}`);
  const isIn = { tests: (one: Mutation) => one.tests.length > 0, histories: (one: Mutation) => one.histories };
  return columns.flatMap((name) => mutations.filter(isIn[name]).map((mutation) => ({ mutation, column: name })));
}

function namedMutations(promises?: readonly string[], rules?: readonly string[]): Mutation[] {
  const known = new Set(MUTATIONS.map(({ histories }) => histories?.rule));
  for (const name of promises ?? []) if (PROMISES[name] === undefined) throw new Error(`no such promise: ${name}`);
  for (const name of rules ?? []) if (!known.has(name)) throw new Error(`no such rule: ${name}`);
  return MUTATIONS.filter(({ promise, histories }) => {
    if (rules !== undefined && !rules.includes(histories?.rule ?? "")) return false;
    return promises === undefined || promises.includes(promise);
  });
}

/** The mutations of what differs between a commit and the work tree. Prints which files led to them. */
async function changedMutations(base = BASE): Promise<readonly Mutation[]> {
  const files = changedFiles(base);
  if (files === null)
    throw new Error(
      `this clone has no commit ${base}. Fetch it (git fetch --unshallow; in a workflow, fetch-depth: 2), ` +
        "or name another one: npm run mutations -- --changed COMMIT",
    );
  const { mutations, told } = chooseMutations(MUTATIONS, { files, before: await mutationsAt(base) });
  console.log(`${files.length} files differ from ${base}:\n${told.map((line) => `  ${line}`).join("\n")}\n`);
  return mutations;
}

/** Each worker breaks a copy of its own. Returns how many tasks did not turn red. */
async function tryAll(copies: readonly string[], tasks: readonly Task[]): Promise<number> {
  const tests = tasks.flatMap(({ mutation, column }) => (column === "tests" ? mutation.tests : []));
  const redBefore = new Set(await redFiles(copies[0] ?? "", BIN, [...new Set(tests)]));
  for (const test of redBefore) console.log(`red without a change: ${test}`);
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
  const { tasks, workers } = await flagsOf();
  if (tasks.length === 0) return 0;
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
