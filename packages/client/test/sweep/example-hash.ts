import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const EXAMPLES = join(import.meta.dirname, "../../../../examples");

/** SHA-256 of all files of an example: what was recorded of it is good as long as this is the same. */
export function exampleHash(name: string): string {
  const folder = join(EXAMPLES, name);
  const files = globSync("**/*.*", { cwd: folder, exclude: ["node_modules"] }).sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}
