import { dirname, resolve } from "node:path";
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

/** Reads prewarm.config.ts (or the file given) anew and judges it: what start, reload, build and deploy go by. Never throws. */
export async function judgeSite(file = "prewarm.config.ts"): Promise<Judged> {
  const path = resolve(ROOT, file);
  try {
    // The query makes Node read an edited file again.
    const module: { default?: Config } = await import(`${pathToFileURL(path).href}?read=${performance.now()}`);
    if (module.default === undefined)
      return {
        config: null,
        faults: [`${file}: export the configuration as default: export default defineConfig({ … })`],
      };
    return { config: module.default, faults: checkConfig(module.default) };
  } catch (error) {
    return {
      config: null,
      faults: [`${file}: it cannot be loaded: ${error instanceof Error ? error.message : error}`],
    };
  }
}

/** All faults and their number, as start, build and deploy print them. */
export function listFaults(faults: readonly string[]): string {
  return [...faults, `${faults.length} ${faults.length === 1 ? "fault" : "faults"} in the configuration.`].join("\n");
}
