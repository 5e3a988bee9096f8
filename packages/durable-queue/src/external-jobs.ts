/*
 * Jobs that another service makes for admitted claims. A poller watches them there and reports what it observes. The
 * queue knows no service: the poller that it is given does.
 */

/** A job as the service shows it. */
export interface ExternalJob {
  id: string;
  status: "pending" | "done" | "failed" | "cancelled";
  /** The status word of the service. */
  said: string;
  /** False when the word is not documented; then the status is `pending`, bounded by the deadline of jobs. */
  known: boolean;
  /** Where the result can be fetched: http(s) only. */
  output: string | null;
  error: { kind: string | null; message: string } | null;
  metadata: Record<string, string>;
  input: string | null;
  /** Unix ms. */
  createdAt: number | null;
  finishedAt: number | null;
}

/** A job whose id is known, not observed to end. */
export interface OpenJob {
  job: string;
  gen: number;
  /** Unix ms. */
  admittedAt: number;
  /** By the service's clock, Unix ms. Null: not known yet. */
  createdAt: number | null;
  /** When its id was heard, so that the service had made it: Unix ms by our clock. 0: not known. */
  heardAt: number;
  /** True in the urgent lane. */
  urgent: boolean;
}

/** A granted generation whose job nobody has told. */
export interface UnreportedJob {
  gen: number;
  /** Its job is no older, Unix ms. */
  since: number;
  /** From then on no POST of it can arrive, Unix ms: a list that was read later and does not show its job proves that there is none. Null: it may be POSTed again. */
  sureAt: number | null;
}

/** After a restore: jobs of a queue from before it are looked for on all pages. */
export interface Scan {
  /** Generations from before are below it. */
  below: number;
  /** Not before this time, Unix ms: until then handlers from before may still POST. */
  from: number;
}

/** What the poller has seen. */
export interface Observations {
  /** With the id they are known by, status, result and error. */
  ended: ExternalJob[];
  /** Ids shown and not ended. */
  pending: string[];
  /** More than ten minutes old, on no page, and `GET` says 404. */
  absent: string[];
  /** Jobs on pages of the list whose generation's job nobody has told. */
  found: ExternalJob[];
  /** Generations given up of which complete lists show no job. */
  unmade: number[];
  /** The service asked for a pause until then, Unix ms. */
  throttledUntil: number | null;
  /** Its account is at fault. */
  account: { status: number; message: string } | null;
}

export const NOTHING: Observations = {
  ended: [],
  pending: [],
  absent: [],
  found: [],
  unmade: [],
  throttledUntil: null,
  account: null,
};

/** What the queue tells a poller; synchronous reads of its memory. */
export interface OpenJobsView {
  queueId(): string;
  /** The oldest admission first. */
  open(): OpenJob[];
  unreported(): UnreportedJob[];
  /** Generations whose job may be at the service, and whose id nobody has reported yet. */
  unnamed(): ReadonlySet<number>;
  /** Null: there was no recent restore. */
  scan(): Scan | null;
  /** How soon the next look pays: slots, whether work waits for one, and the jobs a second that the queue aims at. */
  pace(): { slots: { used: number; all: number }; waiting: boolean; goal: number };
  /** Learned job time in ms at this quantile. */
  jobMs(q: number): number;
}

/** A poller of one queue. It never throws. */
export interface ExternalJobs {
  /** Keeps the poller running, and starts it if necessary. Answers the promise to wait for, or null when no job is open. */
  keepRunning(): Promise<void> | null;
}

/** Makes a poller, which calls `report` with everything that it observes. */
export type WatchExternalJobs = (view: OpenJobsView, report: (observed: Observations) => void) => ExternalJobs;

/** For queues whose jobs do not outlive the call of their handler. */
export const NO_EXTERNAL_JOBS: WatchExternalJobs = () => ({ keepRunning: () => null });
