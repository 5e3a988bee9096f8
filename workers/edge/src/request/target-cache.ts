import type { Target, TargetCache } from "../request-context.ts";

/** About 1 kB each. */
const MAX_TARGETS = 2_000;
/** Longer URLs are rare and would make the bound above mean nothing. */
const MAX_LENGTH = 512;

export function createTargetCache(maxTargets: number = MAX_TARGETS): TargetCache {
  const targets = new Map<string, Target>();
  return {
    get: (address) => targets.get(address),
    keep: (address, target) => {
      if (address.length > MAX_LENGTH) return;
      // Clearing all is cheaper than keeping track of use, and a popular URL is back after its next request.
      if (targets.size >= maxTargets) targets.clear();
      targets.set(address, target);
    },
  };
}
