import { afterAll, vi } from "vitest";
import { removeTempFolders } from "./temp-folder.ts";

/*
 * The files of a process share its modules and globals, so each of them ends with what it found. vitest runs this file before each: its hook
 * is the first and therefore runs last, when the file's own hooks have stopped what works in the folders.
 */
const { fetch } = globalThis;
afterAll(() => {
  // A program that a test imports may replace it.
  globalThis.fetch = fetch;
  removeTempFolders();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
