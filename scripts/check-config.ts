import { join } from "node:path";
import { findInstallation } from "../apps/cli/src/site/installation.ts";
import { readyFiles } from "../apps/cli/src/site/wrangler-files.ts";
import { strangersLines } from "./cost/strangers.ts";
import { openLine, uploadLines } from "./cost/uploads.ts";
import { judgeSite, listFaults } from "./site-faults.ts";

// Judges prewarm.config.ts and the wrangler files beside it, or the configuration given: every fault at once and exit 1, or how many variants
// one image can have. `npm run build` and `wrangler deploy` ([build] in the wrangler files) go no further when it fails.

const [file] = process.argv.slice(2);
const { config, faults } = await judgeSite(file);
if (file === undefined && config !== null && faults.length === 0)
  faults.push(...readyFiles(findInstallation(join(import.meta.dirname, "../prewarm.config.ts")), config));
if (config === null || faults.length > 0) {
  console.error(listFaults(faults));
  process.exitCode = 1;
} else {
  console.log(`The configuration is sound. ${openLine(config)}`);
  for (const line of uploadLines(config)) console.log(line);
  console.log("What clients without a signature can cause at most (docs/cost.md):");
  for (const line of strangersLines(config)) console.log(`  ${line}`.trimEnd());
}
