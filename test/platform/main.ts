import { join } from "node:path";
import { createWrangler } from "../../apps/cli/src/deploy/wrangler.ts";
import { runProgram } from "../../apps/cli/src/platform/run-program.ts";
import packageJson from "../../package.json" with { type: "json" };
import { ASSUMPTIONS } from "./assumptions.ts";
import { runConformance } from "./program.ts";
import { record } from "./results.ts";

/** `npm run prove -- conformance`: the only file here that knows the process. */
const root = join(import.meta.dirname, "../..");
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.exitCode = await runConformance(process.argv.slice(2), {
  assumptions: ASSUMPTIONS,
  wrangler: createWrangler(join(root, "node_modules/wrangler/bin/wrangler.js"), root, {
    run: runProgram,
    env: process.env,
    stderr: process.stderr,
  }),
  env: process.env,
  tell: (line) => console.log(line),
  fetch,
  runtime: `miniflare ${packageJson.devDependencies.miniflare}`,
  today: () => new Date().toISOString().slice(0, 10),
  record,
});
