import type { Config } from "./config.ts";

/** All faults of a configuration at once, each with its path and how to mend it; none: an empty list. */
export function checkConfig(config: Config): string[] {
  return config.sources.length === 0 ? ["sources: there is none; name at least one place originals come from"] : [];
}
