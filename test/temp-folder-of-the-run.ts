import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/*
 * A run of the tests has a temporary folder of its own, and nothing of ours may be left in it: a machine that tests all day has hundreds of
 * folders otherwise. What other programs leave there goes without a word.
 */

/** Node's cache of compiled code, the local platform, the browser, and the stack that ends with its process. */
const OF_OTHERS = /^(node-compile-cache|miniflare-|playwright|wrangler|\.?org\.chromium|shared-stack-)/;

export function setup(): () => void {
  const outside = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), "prewarm-run-"));
  process.env.TMPDIR = folder;
  // The same programs start hundreds of times in a run, wrangler's 15 MB among them.
  process.env.NODE_COMPILE_CACHE ??= join(folder, "node-compile-cache");
  return () => {
    const left = readdirSync(folder).filter((name) => !OF_OTHERS.test(name));
    rmSync(folder, { recursive: true, force: true });
    if (outside === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outside;
    if (left.length > 0) throw new Error(`Tests left in the temporary folder: ${left.join(", ")}`);
  };
}
