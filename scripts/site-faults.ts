import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../packages/shared/src/config.ts";
import { checkConfig } from "../packages/shared/src/config-check.ts";

const ROOT = dirname(import.meta.dirname);

export interface Judged {
  /** Null when it cannot be loaded, which is a fault too. */
  config: Config | null;
  /** Each as `path: how to mend it`; empty: it is sound. */
  faults: string[];
}

const readOurs = (name: string): string => readFileSync(join(ROOT, name), "utf8");
/** The consumer reads originals and results; the edge passes an original on to a script. */
const FETCHING = ["wrangler.consumer.toml", "wrangler.edge.toml"];

/** Reads prewarm.config.ts (or the file given) anew and judges it: what start, reload, build and deploy go by. Never throws. */
export async function judgeSite(file = "prewarm.config.ts", read = readOurs): Promise<Judged> {
  const path = resolve(ROOT, file);
  try {
    // The query makes Node read an edited file again.
    const module: { default?: Config } = await import(`${pathToFileURL(path).href}?read=${performance.now()}`);
    if (module.default === undefined)
      return {
        config: null,
        faults: [`${file}: export the configuration as default: export default defineConfig({ … })`],
      };
    return {
      config: module.default,
      faults: [...judge(module.default), ...FETCHING.flatMap((name) => fetchFaults(name, read(name)))],
    };
  } catch (error) {
    return {
      config: null,
      faults: [`${file}: it cannot be loaded: ${error instanceof Error ? error.message : error}`],
    };
  }
}

/** Without the flag a fetch of the Worker's own zone goes past Access and firewall, straight to the origin. */
export function fetchFaults(file: string, toml: string): string[] {
  // An environment may name flags of its own, which take the place of those above.
  const flags = toml.split("\n").filter((line) => line.startsWith("compatibility_flags"));
  return flags.length > 0 && flags.every((line) => line.includes('"global_fetch_strictly_public"'))
    ? []
    : [`${file}: compatibility_flags: add "global_fetch_strictly_public": this Worker fetches`];
}

function judge(config: Config): string[] {
  // Null is a fault of its own, which checkConfig tells.
  const edgeHosts = Array.isArray(config.edgeHosts) ? [...config.edgeHosts, ...routedHosts()] : config.edgeHosts;
  return checkConfig({ ...config, edgeHosts });
}

/** The hosts that the edge's wrangler file routes to it: `pattern = "images.example.com/*"`. Wildcard hosts are left to `edgeHosts`. */
function routedHosts(): string[] {
  const toml = join(ROOT, "wrangler.edge.toml");
  if (!existsSync(toml)) return [];
  const lines = readFileSync(toml, "utf8").split("\n");
  const values = lines.map((line) => line.split("#")[0]?.split(/\bpattern\s*=\s*"/)[1] ?? "");
  const hosts = values.map((value) => value.split(/["/]/)[0]?.toLowerCase() ?? "");
  return hosts.filter((host) => host !== "" && !host.includes("*"));
}

/** All faults and their number, as start, build and deploy print them. */
export function listFaults(faults: readonly string[]): string {
  return [...faults, `${faults.length} ${faults.length === 1 ? "fault" : "faults"} in the configuration.`].join("\n");
}
