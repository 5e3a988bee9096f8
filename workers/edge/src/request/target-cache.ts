import type { Target } from "./target.ts";

/**
 * Remembers what plain URLs name. A URL is plain when its target depends on the URL alone: nothing in it is signed or negotiated.
 * Reading a URL costs more than all else that a cache hit does, and popular images are asked for over and over.
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
      // Clearing all is cheaper than keeping track of use, and a popular URL is back after its next request.
      if (targets.size >= maxTargets) targets.clear();
      targets.set(address, target);
    },
  };
}
