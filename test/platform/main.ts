import packageJson from "../../package.json" with { type: "json" };
import { pinnedWrangler } from "../../scripts/deploy/wrangler.ts";
import { ASSUMPTIONS } from "./assumptions.ts";
import { runConformance } from "./program.ts";
import { record } from "./results.ts";

/** `npm run conformance`: the only file here that knows the process. */
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
process.exitCode = await runConformance(process.argv.slice(2), {
  assumptions: ASSUMPTIONS,
  wrangler: pinnedWrangler(process.env, (text) => process.stderr.write(text)),
  env: process.env,
  tell: (line) => console.log(line),
  fetch,
  runtime: `miniflare ${packageJson.devDependencies.miniflare}`,
  today: () => new Date().toISOString().slice(0, 10),
  record,
});
