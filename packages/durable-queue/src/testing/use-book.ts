import { addUse, type Used, usedIn } from "../memory/counters.ts";
import type { UseBook } from "../memory/gate-memory.ts";

/** Grants in memory, for tests of the gate without a queue. */
export function useBook(): UseBook {
  const used: Used = {};
  return {
    of: (period) => usedIn(used, period),
    add: (lane, day, n) => addUse(used, day, lane, n),
  };
}
