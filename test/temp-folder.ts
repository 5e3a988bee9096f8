import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/**
 * A new folder in the system's temporary folder. It is removed when the current test ends; at the top level of a file, or in `beforeAll`,
 * pass `afterAll`: the folder then stays until the file's tests have ended.
 */
export function tempFolder(prefix: `prewarm-${string}`, atEnd: (remove: () => void) => void = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
