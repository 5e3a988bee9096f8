import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { ROOT, VERSION } from "./package-folder.ts";

export const ZIP_NAME = `prewarm-wordpress-${VERSION}.zip`;

/**
 * The plugin of examples/cms-wordpress as WordPress installs it. The same files are the same bytes on every machine: without compression, because
 * compressors differ, and with the first day that a zip can name.
 */
export function zipPlugin(): Uint8Array {
  const cwd = join(ROOT, "examples/cms-wordpress");
  const paths = globSync("prewarm/**/*.{php,txt}", { cwd }).sort();
  const files = paths.map((path) => [path, new Uint8Array(readFileSync(join(cwd, path)))]);
  return zipSync(Object.fromEntries(files), { level: 0, mtime: new Date(1980, 0, 1) });
}
