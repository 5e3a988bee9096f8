import { execFileSync } from "node:child_process";
import { dirname } from "node:path";

const ROOT = dirname(import.meta.dirname);

function git(...args: string[]): string[] | null {
  try {
    const said = execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return said.split("\n").filter(Boolean);
  } catch {
    return null;
  }
}

/**
 * The files that differ between a commit and the work tree, deleted and untracked ones too, as paths from the repository's root. `base`: the
 * commit; default: the environment variable BASE, else the parent of HEAD, which for the merge commit of a pull request is the branch that it
 * would go to. Null where git does not know the commit, as in a clone without history.
 */
export function changedFiles(base: string = process.env.BASE || "HEAD~1"): string[] | null {
  const changed = git("diff", "--name-only", "--no-renames", base, "--");
  const untracked = git("ls-files", "--others", "--exclude-standard");
  return changed === null || untracked === null ? null : [...new Set([...changed, ...untracked])].sort();
}
