import type { Lane } from "@prewarm/shared/job";
import type { UseBook } from "../protocol/gate-memory.ts";

/** Grants in memory, for tests of the gate without a ledger. */
export function useBook(): UseBook {
  const used = new Map<string, Record<Lane, number>>();
  const of = (month: string) => used.get(month) ?? { live: 0, upload: 0, bulk: 0 };
  return {
    of,
    add(lane, month, n) {
      used.set(month, { ...of(month), [lane]: of(month)[lane] + n });
    },
  };
}
