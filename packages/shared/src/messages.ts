/*
 * What travels in `prewarm-live` and `prewarm-work`: a hint, never the truth.
 * A change of shape takes a new `v`, a fixture, and a line in docs/internals/storage-schema.md; readers keep every older one.
 */

/** In `prewarm-live`: variants that a viewer missed, all of one original. */
export interface MissMessage {
  v: 1;
  /** Variant keys (`<encoded id>/<suffix>`), 1 to 20, all of one original. */
  keys: string[];
  lane: "live";
  /** When it was sent, Unix ms. A miss that is older than the stored variant asks for nothing. */
  at: number;
  /** The edge knows nothing of this image: it may be made up. */
  unknown?: boolean | undefined;
  /** Of an unknown image: how many of them the client's network has asked for lately before, as far as the edge knows. Networks with few go first. */
  nth?: number | undefined;
  /** The URL was signed. */
  signed?: boolean | undefined;
}

/** In `prewarm-work`: wakes a worker, which asks the ledger what to do. */
export interface WorkMessage {
  v: 1;
  wake: true;
}

export const WORK_MESSAGE: Readonly<WorkMessage> = { v: 1, wake: true };

/** The newest version. */
export const MESSAGE_VERSION = 1;
/** Keys of one original in one message. */
export const MESSAGE_MAX_KEYS = 20;

/** The live lane's message for one missed variant. What is not said of it is left out. */
export function missMessage(
  key: string,
  at: number,
  more: { unknown?: boolean; nth?: number; signed?: boolean } = {},
): MissMessage {
  const { unknown = false, nth = 0, signed = false } = more;
  return {
    v: 1,
    keys: [key],
    lane: "live",
    at,
    ...(unknown && { unknown }),
    ...(nth > 0 && { nth }),
    ...(signed && { signed }),
  };
}
