import type { Lane } from "./job.ts";

/**
 * What travels in `prewarm-live` and `prewarm-work`: a wake-up, never the truth. One original's keys.
 * A change of shape takes a new `v`, a fixture, and a line in docs/storage-schema.md; readers keep every older one.
 */
export interface WakeUpV1 {
  v: 1;
  /** Variant keys (`<encoded id>/<suffix>`), 1 to 20, all of one original. */
  keys: string[];
  lane: Lane;
  /** When it was sent, Unix ms. A live miss that is older than the stored variant asks for nothing. */
  at: number;
}

export type WakeUp = WakeUpV1;

export const MESSAGE_VERSION = 1;
/** Keys of one original in one message. */
export const MESSAGE_MAX_KEYS = 20;

/** The live lane's message for one missed variant. */
export function missMessage(key: string, at: number): WakeUpV1 {
  return { v: 1, keys: [key], lane: "live", at };
}
