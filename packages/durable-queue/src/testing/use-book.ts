import { type Used, usedIn } from "@prewarm/durable-queue/schema/counters";
import type { UseBook } from "@prewarm/durable-queue/schema/gate-memory";

/** Grants in memory, for tests of the gate without a queue. */
export function useBook(): UseBook {
  const used: Used = {};
  return {
    of: (period) => usedIn(used, period),
    add(lane, day, n) {
      used[`${day} ${lane}`] = (used[`${day} ${lane}`] ?? 0) + n;
    },
  };
}
