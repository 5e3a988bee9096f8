import type { Action, ActionFilter, ActionKind } from "@prewarm/control-schema/actions";
import type { Rejection } from "@prewarm/control-schema/warm";
import type * as queue from "@prewarm/durable-queue";
import type { JobState, Lane } from "@prewarm/shared/job";
import type { NumberRange } from "@prewarm/shared/job-search";

/* What the calls of the console take and answer. Times are Unix ms. */

/** All that is given must match; an empty list is no condition. */
export interface JobFilter {
  states: JobState[];
  lanes: Lane[];
  run: string | null;
  /** Beginning of the image's id. */
  id: string | null;
  format: string | null;
  /** Part of an error's code or message. */
  error: string | null;
  /** Pieces of the id, of the transform code, or of both with a slash between them. */
  text: string[];
  /** When it was ordered, Unix ms. */
  ordered?: NumberRange;
  attempts?: NumberRange;
  /** When its state changed last, Unix ms. */
  changed?: NumberRange;
  /** The name of a cause. */
  fingerprint: string | null;
  /** Names; null is no condition. */
  jobs: string[] | null;
}

/** Every job matches. */
export const ANY_JOB: Readonly<JobFilter> = {
  states: [],
  lanes: [],
  run: null,
  id: null,
  format: null,
  error: null,
  text: [],
  fingerprint: null,
  jobs: null,
};

export interface NewAction {
  kind: ActionKind;
  /** As asked, to be shown again. */
  filter: ActionFilter;
  /** As read. */
  match: JobFilter;
  rate: number | null;
  /** So many first; the others once all of these are stored. */
  canary?: number;
  /**
   * What the operator agreed to, and the jobs that match now, of which some may have come since. `match` leaves these
   * out. With more jobs than agreed nothing is done.
   */
  agreed?: Omit<NonNullable<Action["agreed"]>, "left"> & { now: JobFilter };
  who: string;
}

/** The action was not created, because so many jobs match. */
export interface TooMany {
  tooMany: number;
}

/** Items that were refused at the door: the number of all of them, and the first ones in full. */
export interface Rejected {
  total: number;
  first: Rejection[];
}

export interface FinishRequest extends queue.FinishRequest {
  who: string;
  /** For the audit log, under the name `who`. Null: the log does not have the request. */
  summary: Record<string, unknown> | null;
  rejected?: Rejected;
}

/** A page of a list, as the API asks for it. */
export interface AskedPage {
  limit: number;
  /** `nextCursor` of the page before. Default: the first page. */
  cursor?: string | null | undefined;
}

export interface AuditQuery extends AskedPage {
  /** Text that an entry contains. Default: any entry. */
  search?: string | undefined;
  /** Unix ms, both included. Default: any time. */
  from?: number | undefined;
  to?: number | undefined;
}
