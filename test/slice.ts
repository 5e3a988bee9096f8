import { execFileSync } from "node:child_process";

/*
 * What is too much for each commit is tried in slices: each commit takes another one, and the nightly workflow takes all (WHOLE=true). A slice
 * follows from the commit, so that a run can be repeated.
 */

/**
 * 28 bits of the commit's hash; 0 where git knows none. Slices and rings take other bits: else a file whose turn comes with every fifth commit
 * would always meet the same fifth of its items.
 */
export function numberOfCommit(choice: "slices" | "rings"): number {
  try {
    const hash = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Number.parseInt(choice === "slices" ? hash.slice(0, 7) : hash.slice(7, 14), 16);
  } catch {
    return 0;
  }
}

/** Each `of`-th item, from one on that the number chooses: `of` numbers that follow each other have all items between them. */
export function sliceOf<T>(items: readonly T[], of: number, number: number): T[] {
  return items.filter((_, index) => (index + number) % of === 0);
}

/** This commit's slice of `items`, a part in `of`; all of them with WHOLE=true. Prints what it leaves out. `what` names the items. */
export function slice<T>(what: string, items: readonly T[], of: number): T[] {
  if (process.env.WHOLE === "true") return [...items];
  const taken = sliceOf(items, of, numberOfCommit("slices"));
  console.info(
    `slice: ${taken.length} of ${items.length} ${what} with this commit; WHOLE=true takes all, as every night`,
  );
  return taken;
}
