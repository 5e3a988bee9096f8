import type { JobRecord } from "../jobs/job-record.ts";
import type { Settings } from "../settings.ts";

/** What happened to the jobs, and the limits in force then: from these a test can tell whether slots and rate were kept. */
export interface TimelineEvent {
  /** Unix ms. */
  at: number;
  /** `refused`: a POST that a limit refused. */
  event: "created" | "replayed" | "refused" | "ended";
  jobId: string | null;
  idempotencyKey: string | null;
  /** Jobs open after it. */
  openJobs: number;
  /** The setting `maxOpenJobs` at that time, and the rate's numbers. */
  maxOpenJobs: number | null;
  perSecond: number | null;
  burst: number | null;
}

export interface Timeline {
  add(
    event: TimelineEvent["event"],
    job: Pick<JobRecord, "id" | "idempotencyKey"> | string | null,
    openJobs: number,
  ): void;
  /** The latest events, oldest first. */
  events(): TimelineEvent[];
  clear(): void;
}

/** Enough for 50,000 jobs. */
const KEPT = 100_000;

export function createTimeline(settings: Settings, now: () => number): Timeline {
  let events: TimelineEvent[] = [];
  return {
    add(event, job, openJobs) {
      const { maxOpenJobs, rateLimit } = settings;
      const ids =
        job === null || typeof job === "string"
          ? { jobId: null, idempotencyKey: job }
          : { jobId: job.id, idempotencyKey: job.idempotencyKey };
      const limits = { maxOpenJobs, perSecond: rateLimit?.perSecond ?? null, burst: rateLimit?.burst ?? null };
      events.push({ at: now(), event, ...ids, openJobs, ...limits });
      if (events.length >= 2 * KEPT) events = events.slice(-KEPT);
    },
    events: () => events.slice(-KEPT),
    clear() {
      events = [];
    },
  };
}
