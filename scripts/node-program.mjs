// Whether the Node that npm brought is nodejs.org's. `archives` are its published sums of the archives (SHASUMS256.txt), `programs` those of
// the program in each; `npm run node-sums` unpacks the archives and compares. Imported by boot.mjs, so no dependencies.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const SUMS = JSON.parse(readFileSync(new URL("node-sums.json", import.meta.url), "utf8"));

export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What is wrong with the installed program, or null; also where npm carries none for this machine. */
export function nodeFault(root, platform = `${process.platform}-${process.arch}`) {
  const program = join(root, "node_modules", `node-${platform}`, "bin", "node");
  if (!existsSync(program)) return null;
  const sum = sha256(readFileSync(program));
  if (sum === SUMS.programs[platform]) return null;
  return `${program} is not the program of Node ${SUMS.version} that nodejs.org publishes: its sha256 is ${sum}.`;
}
