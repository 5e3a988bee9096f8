import type { Target } from "./target.ts";

/**
 * The targets that plain URLs name: URLs whose target depends on the URL alone, because nothing in them is signed or negotiated.
 * Popular images are asked for over and over, and reading a URL costs more than all else that a cache hit does.
 */
export interface TargetCache {
  get(address: string): Target | undefined;
  keep(address: string, target: Target): void;
}

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
      // Clearing all is cheaper than an order of use, and a popular URL is back after its next request.
      if (targets.size >= maxTargets) targets.clear();
      targets.set(address, target);
    },
  };
}
