import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../packages/shared/src/config.ts";
import { checkConfig } from "../packages/shared/src/config-check.ts";
import { countVariants } from "../packages/shared/src/transform.ts";

// Judges prewarm.config.ts, or the file given: every fault at once and exit 1, or how many variants one image can have.

const root = dirname(import.meta.dirname);
const file = resolve(root, process.argv[2] ?? "prewarm.config.ts");
const module: { default?: Config } = await import(pathToFileURL(file).href);

if (module.default === undefined) {
  fail([`${file}: export the configuration as default: export default defineConfig({ … })`]);
} else {
  const config = module.default;
  // Null is a fault of its own, which checkConfig tells.
  const edgeHosts = Array.isArray(config.edgeHosts) ? [...config.edgeHosts, ...routedHosts()] : config.edgeHosts;
  const faults = [...checkConfig({ ...config, edgeHosts }), ...fetchFaults()];
  if (faults.length > 0) fail(faults);
  else
    console.log(
      `The configuration is sound. One image can have ${countVariants(config)} variants that need no signature (versions aside).`,
    );
}

/** Without the flag a fetch of the Worker's own zone goes past Access and firewall, straight to the origin. */
function fetchFaults(): string[] {
  const toml = readFileSync(resolve(root, "wrangler.consumer.toml"), "utf8");
  const flags = toml.split("\n").find((line) => line.startsWith("compatibility_flags")) ?? "";
  return flags.includes('"global_fetch_strictly_public"')
    ? []
    : ['wrangler.consumer.toml: compatibility_flags: add "global_fetch_strictly_public": this Worker fetches'];
}

/** The hosts that the edge's wrangler file routes to it: `pattern = "images.example.com/*"`. Wildcard hosts are left to `edgeHosts`. */
function routedHosts(): string[] {
  const toml = resolve(root, "wrangler.edge.toml");
  if (!existsSync(toml)) return [];
  const lines = readFileSync(toml, "utf8").split("\n");
  const patterns = lines.map(
    (line) =>
      line
        .split("#")[0]
        ?.split(/\bpattern\s*=\s*"/)[1]
        ?.split(/["/]/)[0] ?? "",
  );
  return patterns
    .filter((host) => host !== "")
    .map((host) => host.toLowerCase())
    .filter((host) => !host.includes("*"));
}

function fail(faults: string[]): void {
  for (const fault of faults) console.error(fault);
  console.error(`${faults.length} ${faults.length === 1 ? "fault" : "faults"} in the configuration.`);
  process.exitCode = 1;
}
