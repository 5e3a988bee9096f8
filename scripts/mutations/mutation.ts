import type { Favourites } from "../../test/world/histories/commands.ts";

/** A change of a few lines that breaks a promise, and what must then fail: tests, random histories, or each of both. */
export interface Mutation {
  /** Its name in `PROMISES`. */
  promise: string;
  /** What the change does, in a few words. */
  breaks: string;
  file: string;
  /** Stands in the file exactly once. */
  find: string;
  replace: string;
  /** Test files of which at least one must go red. Empty: only histories try this mutation. */
  tests: readonly string[];
  /** The rule that it switches off, named for `--rule`, and the happenings that try it hard (default: all alike). */
  histories?: { rule: string; favourites?: Favourites };
}

/** What is changed, and what must then fail. `tests`: default those of the file. */
type Change = Pick<Mutation, "find" | "replace" | "histories"> & Partial<Pick<Mutation, "tests">>;
type Row = Pick<Mutation, "promise" | "breaks"> & Change;

/** One mutation of a file. `what`: what the change does, in a few words. */
export function breaks(promise: string, what: string, change: Change): Row {
  return { promise, breaks: what, ...change };
}

/** The mutations of one file. `tests`: those of each row that names none of its own (default: none). */
export function at(
  { file, tests = [] }: { file: string; tests?: readonly string[] },
  rows: readonly Row[],
): Mutation[] {
  return rows.map((row) => ({ file, tests, ...row }));
}
