import { slice } from "../slice.ts";

/**
 * Files that start the pinned wrangler dozens of times, at 2 s of processor time a start. The calls themselves are held to at each commit, on a
 * wrangler that records them (apps/cli/test/deploy.test.ts); these say that the pinned one understands them.
 */
const FILES = ["deploy", "upgrade", "conformance"] as const;

/** Whether this commit runs the file: each commit runs one of them. */
export function isTurnOf(file: (typeof FILES)[number]): boolean {
  return slice("files with the pinned wrangler", FILES, FILES.length).includes(file);
}
