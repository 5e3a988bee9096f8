import { GATE_KEY, parseGate } from "@prewarm/shared/markers";
import type { ObjectStore } from "../bindings.ts";

/** Whether the live lane takes work, as the consumer last wrote it down. */
export interface Gate {
  isClosed(now: number): Promise<boolean>;
}

const READ_EVERY_MS = 10_000;

/**
 * Reads the gate file at most once in 10 s. The mark is set before the read, so that requests at the same time go on with what was
 * known last: sharing one promise between requests is not allowed on the platform. Unreadable means open: the ledger judges again.
 */
export function createGate(images: ObjectStore): Gate {
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
