import { join } from "node:path";
import { parseArgs } from "node:util";
import { findInstallation } from "../apps/cli/src/site/installation.ts";
import { readyFiles } from "../apps/cli/src/site/wrangler-files.ts";
import type { Config } from "../packages/shared/src/config.ts";
import { strangersLines } from "./cost/strangers.ts";
import { openLine, uploadLines } from "./cost/uploads.ts";
import { judgeSite, listFaults } from "./site-faults.ts";

// Judges prewarm.config.ts and the wrangler files beside it, or the configuration given: every fault at once and exit 1, or how many variants
// one image can have and what strangers can cost. With --quiet a sound configuration is one line: so `wrangler deploy` asks ([build] in the
// wrangler files), which goes no further when it fails.

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quiet: { type: "boolean" } } });
const [file] = positionals;
const { config, faults } = await judgeSite(file);
if (file === undefined && config !== null && faults.length === 0)
  faults.push(...readyFiles(findInstallation(join(import.meta.dirname, "../prewarm.config.ts")), config));
if (config === null || faults.length > 0) {
  console.error(listFaults(faults));
  process.exitCode = 1;
} else {
  console.log(`The configuration is sound. ${openLine(config)}`);
  if (values.quiet !== true) printCosts(config);
}

function printCosts(config: Config): void {
  for (const line of uploadLines(config)) console.log(line);
  console.log("What clients without a signature can cause at most (docs/cost.md):");
  for (const line of strangersLines(config)) console.log(`  ${line}`.trimEnd());
}
