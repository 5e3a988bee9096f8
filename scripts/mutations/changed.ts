import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Mutation } from "./mutation.ts";

const LISTS = "scripts/mutations";
const run = promisify(execFile);

/** The mutations that a commit's check tries by their tests, and what it prints of its choice. */
interface Choice {
  mutations: Mutation[];
  /** A line for each file that led to mutations, and one for rows that were changed; or one line if none belongs. */
  told: string[];
}

/** What a test must be tried again for: a better sentence for the same change is no reason. */
const trialOf = ({ file, find, replace, tests }: Mutation): string => JSON.stringify([file, find, replace, tests]);

/**
 * Chooses the mutations whose file or tests a commit touches, and the rows that differ from those before it.
 * `files`: paths that differ. `before`: the mutations at the commit's base.
 */
export function chooseMutations(
  mutations: readonly Mutation[],
  { files, before }: { files: readonly string[]; before: readonly Mutation[] },
): Choice {
  const known = new Set(before.map(trialOf));
  const causes = files.map((file) => ({
    cause: file,
    led: mutations.filter((one) => one.file === file || one.tests.includes(file)),
  }));
  causes.push({ cause: "rows that were changed", led: mutations.filter((one) => !known.has(trialOf(one))) });
  const told = causes.filter(({ led }) => led.length > 0).map(({ cause, led }) => `${cause}: ${countsOf(led)}`);
  const chosen = new Set(causes.flatMap(({ led }) => led));
  return {
    mutations: mutations.filter((one) => chosen.has(one) && one.tests.length > 0),
    told: told.length > 0 ? told : ["no mutation belongs to the files of this commit"],
  };
}

function countsOf(led: readonly Mutation[]): string {
  const night = led.filter(({ tests }) => tests.length === 0).length;
  const counted = `${led.length} ${led.length === 1 ? "mutation" : "mutations"}`;
  return night === 0 ? counted : `${counted}, ${night} of them for the nightly run, because only histories try them`;
}

/** The mutations as a commit has them. */
export async function mutationsAt(base: string): Promise<readonly Mutation[]> {
  const folder = await mkdtemp(join(tmpdir(), "prewarm-mutations-"));
  try {
    const archive = join(folder, "lists.tar");
    // With package.json, which says that the files are modules.
    await run("git", ["archive", "--output", archive, base, LISTS, "package.json"]);
    await run("tar", ["-xf", archive, "-C", folder]);
    const { MUTATIONS } = await import(pathToFileURL(join(folder, LISTS, "list.ts")).href);
    return MUTATIONS;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
