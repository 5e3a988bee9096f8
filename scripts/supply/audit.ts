// What the lockfiles bring in: every package must come from the registry with its sha512; then pnpm asks the registry for known
// vulnerabilities. Exits 1 on a package without its sum and on a vulnerability of level high; a registry that does not answer is only told.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What of a pnpm lockfile is not pinned by a sha512. */
export function unpinned(lockfile: string): string[] {
  const lines = lockfile.split("\n").filter((line) => line.includes("resolution: {"));
  const sumOf = (line: string): string => /resolution: \{integrity: sha512-([A-Za-z0-9+/=]+)\}/.exec(line)?.[1] ?? "";
  const faults = lines.filter((line) => sumOf(line).length < 80);
  return lines.length === 0 ? ["there is no resolution in it"] : faults.map((line) => line.trim());
}

/** Whether `pnpm audit` could not ask, rather than found something. */
export function isUnreachable(said: string): boolean {
  return /ERR_PNPM_AUDIT_(?:BAD_RESPONSE|ENDPOINT)|ERR_PNPM_META_FETCH_FAIL|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(
    said,
  );
}

function main(): void {
  const root = join(import.meta.dirname, "../..");
  const faults = unpinned(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"));
  for (const fault of faults) console.error(`pnpm-lock.yaml: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  const args = ["scripts/boot.mjs", "pnpm", "audit", "--audit-level", "high"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (status === 0) console.log("No known vulnerability of level high.");
  else if (status === null || isUnreachable(stdout + stderr))
    console.log("The registry's list of vulnerabilities does not answer: nothing was judged by it.");
  else {
    console.error(stdout + stderr);
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
