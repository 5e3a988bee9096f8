// Uploads to content management systems with their real packages, beside a local stack: every URL that they print must be warm before the page
// is published, and replacements and deletions must be followed. `main.ts [name…]`. Downloads packages, so it is not in the CI run.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { env } from "../examples/example-folder.ts";
import { tryEmDash } from "./emdash.ts";
import { tryPayload } from "./payload.ts";
import { tryWordPress } from "./wordpress.ts";

const SYSTEMS: Record<string, () => Promise<void>> = {
  wordpress: tryWordPress,
  payload: tryPayload,
  emdash: tryEmDash,
};

// The examples install it as it is published.
const client = join(import.meta.dirname, "../../packages/client/scripts/build.ts");
execFileSync(process.execPath, [client], { env, stdio: "inherit" });
const asked = process.argv.slice(2);
for (const [name, tryIt] of Object.entries(SYSTEMS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(name);
  await tryIt();
}
process.exit(0);
