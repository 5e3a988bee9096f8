import { GATE_KEY, parseGate } from "@prewarm/shared/markers";
import type { ObjectStore } from "../bindings.ts";
import type { LiveGate } from "../request-context.ts";

const READ_EVERY_MS = 10_000;

/**
 * Reads the gate file at most once in 10 s. Notes the time before the read, so that other requests use the last state
 * meanwhile: the platform does not let requests share a promise. An unreadable file means open, because the ledger
 * decides again.
 */
export function createLiveGate(images: ObjectStore): LiveGate {
  let closed = false;
  let shedUntil = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    read: async (now) => {
      if (now - readAt >= READ_EVERY_MS) {
        readAt = now;
        const file = await images.get(GATE_KEY);
        // biome-ignore lint/plugin: an object that the consumer wrote
        const gate = file === null ? null : parseGate(await file.text());
        closed = gate?.closed.includes("live") ?? false;
        shedUntil = gate?.shedUntil ?? 0;
      }
      return { closed, shed: now < shedUntil };
    },
  };
}
