import { GATE_KEY, parseGate } from "@prewarm/shared/markers";
import type { ObjectStore } from "../bindings.ts";

/** Whether the live lane takes work, as the consumer last wrote it down. */
export interface LiveGate {
  isClosed(now: number): Promise<boolean>;
}

const READ_EVERY_MS = 10_000;

/**
 * Reads the gate file at most once in 10 s. The time of the read is noted before it, so that requests at the same time go on with what
 * was known last: the platform does not let requests share a promise. An unreadable file means open: the ledger judges again.
 */
export function createLiveGate(images: ObjectStore): LiveGate {
  let closed = false;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    isClosed: async (now) => {
      if (now - readAt < READ_EVERY_MS) return closed;
      readAt = now;
      const file = await images.get(GATE_KEY);
      closed = file !== null && (parseGate(await file.text())?.closed.includes("live") ?? false);
      return closed;
    },
  };
}
