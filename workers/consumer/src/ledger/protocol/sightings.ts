import type { IttybitJob } from "../../ittybit/dialects.ts";

/** A job known at Ittybit, not seen to end. */
export interface OpenJob {
  job: string;
  gen: number;
  /** Unix ms. */
  grantedAt: number;
  /** True when a viewer waits for it. */
  live: boolean;
  /** Its hook has just come: it is worth a look now. */
  rung: boolean;
}

/** What the collector has seen. */
export interface Collected {
  /** With the id they are known by, status, result and error. */
  ended: IttybitJob[];
  /** Ids shown and not ended. */
  pending: string[];
  /** More than ten minutes old, on no page, and `GET` says 404. */
  absent: string[];
  /** What stands under an id that a hook named for a generation; null: nothing. */
  claimed: { gen: number; job: IttybitJob | null }[];
  /** Ittybit asked for a pause until then, Unix ms. */
  throttledUntil: number | null;
  /** Its account is at fault. */
  account: { status: number; message: string } | null;
}

export const NOTHING: Collected = {
  ...{ ended: [], pending: [], absent: [], claimed: [] },
  ...{ throttledUntil: null, account: null },
};
