import { execFileSync } from "node:child_process";
import { dirname } from "node:path";

const ROOT = dirname(import.meta.dirname);

/** The commit that a check compares with: $BASE, else the parent of HEAD, which is the target's newest commit for a merge. */
export const BASE = process.env.BASE || "HEAD~1";

/**
 * The files that differ between a commit and the work tree, deleted and new ones too, as paths from the repository's root. Null where the
 * clone lacks the commit.
 */
export function changedFiles(base = BASE, cwd = ROOT): string[] | null {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 50_000_000 });
  try {
    const changed = git("diff", "--name-only", "--no-renames", "-z", base, "--");
    const untracked = git("ls-files", "--others", "--exclude-standard", "-z");
    return [...new Set((changed + untracked).split("\0"))].filter((name) => name !== "").sort();
  } catch {
    return null;
  }
}
