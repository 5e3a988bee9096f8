import type { Target } from "./target.ts";

/**
 * What plain URLs were read as: those whose target depends on the URL alone, because nothing in them is signed or negotiated. Popular
 * images are asked for over and over, and reading a URL costs more than all else that a cache hit does.
 */
export interface PlainTargets {
  get(address: string): Target | undefined;
  keep(address: string, target: Target): void;
}

/** About 1 kB each. */
const MAX_TARGETS = 2_000;
/** Longer URLs are rare and would make the bound above mean nothing. */
const MAX_LENGTH = 512;

export function createPlainTargets(maxTargets: number = MAX_TARGETS): PlainTargets {
  const targets = new Map<string, Target>();
  return {
    get: (address) => targets.get(address),
    keep: (address, target) => {
      if (address.length > MAX_LENGTH) return;
      // Starting anew is cheaper than an order of use, and what is popular is back after its next request.
      if (targets.size >= maxTargets) targets.clear();
      targets.set(address, target);
    },
  };
}
