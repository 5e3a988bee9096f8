import type { IttybitJob } from "../../ittybit/dialects.ts";

/** A job known at Ittybit, not seen to end. */
export interface OpenJob {
  job: string;
  gen: number;
  /** Unix ms. */
  grantedAt: number;
  /** True when a viewer waits for it. */
  live: boolean;
}

/** A granted generation whose job nobody has told. */
export interface Unheard {
  gen: number;
  /** Its job is no older, Unix ms. */
  since: number;
  /** From then on no POST of it can arrive, Unix ms: a list that was read later and does not show its job proves that there is none. Null: it may be POSTed again. */
  sureAt: number | null;
}

/** After a restore: jobs of a ledger from before it are looked for on all pages. */
export interface Scan {
  /** Generations from before are below it. */
  below: number;
  /** Not before this time, Unix ms: until then handlers from before may still POST. */
  from: number;
}

/** What the collector has seen. */
export interface Collected {
  /** With the id they are known by, status, result and error. */
  ended: IttybitJob[];
  /** Ids shown and not ended. */
  pending: string[];
  /** More than ten minutes old, on no page, and `GET` says 404. */
  absent: string[];
  /** Jobs on pages of the list whose generation's job nobody has told. */
  found: IttybitJob[];
  /** Generations given up of which complete lists show no job. */
  unmade: number[];
  /** Ittybit asked for a pause until then, Unix ms. */
  throttledUntil: number | null;
  /** Its account is at fault. */
  account: { status: number; message: string } | null;
}

export const NOTHING: Collected = {
  ...{ ended: [], pending: [], absent: [], found: [], unmade: [] },
  ...{ throttledUntil: null, account: null },
};
