import type { UseBook } from "../protocol/gate-memory.ts";
import { type Used, usedIn } from "../tables/counters.ts";

/** Grants in memory, for tests of the gate without a ledger. */
export function useBook(): UseBook {
  const used: Used = {};
  return {
    of: (period) => usedIn(used, period),
    add(lane, day, n) {
      used[`${day} ${lane}`] = (used[`${day} ${lane}`] ?? 0) + n;
    },
  };
}
