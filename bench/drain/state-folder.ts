import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux has a file system in memory here. */
const IN_MEMORY = "/dev/shm";

/**
 * A new folder for what a runtime stores, in memory where there is such a place. R2 is a file for each object, and ext4 looks for a free inode
 * past all those that were deleted in the last seconds: what an earlier run has deleted would count as CPU of this one.
 */
export function stateFolder(name: string): string {
  return mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), name));
}
