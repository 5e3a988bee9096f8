import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];

// Registered first and therefore run last: by then the file's own hooks have stopped what works in them.
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** A new folder in the system's temporary folder, for a test or for a whole file of tests. It is removed when the file's tests have ended. */
export function tempFolder(prefix: `prewarm-${string}`): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.push(folder);
  return folder;
}
