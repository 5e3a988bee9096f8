import type { JobRecord, JobStatus } from "../jobs/job-record.ts";

/** What a dialect may need beside the job itself. */
export interface ViewContext {
  /** Added to each timestamp: the emulator's clock skew. */
  skewMs: number;
  /** Address of this API, for links. */
  apiUrl: string;
  /** The `Accept-Version` of the call; null without one. */
  version: string | null;
  newEventId(): string;
  now: number;
}

export interface ListView {
  limit: number;
  hasMore: boolean;
  total: number;
  page: number;
}

/** How ids, jobs, lists, errors and webhooks look in one version of the API. Pure. */
export interface Dialect {
  idPrefix: string;
  /** Status of the answer that makes a job. */
  createdStatus: 200 | 201;
  /** Whether `/tasks` is another name of `/jobs`. */
  tasksAreJobs: boolean;
  /** Whether the old request is read as well: `url` for `input`, options flat. */
  oldRequests: boolean;
  /** Whether lists are paged by number, without headers and cursors. */
  numberedPages: boolean;
  /** Whether webhooks are set up by `/webhooks/endpoints`. */
  endpoints: boolean;
  /** Whether `webhook_url` is a documented field of a new job: else a strict server refuses it. */
  webhookField: boolean;
  /** Longest edge of an input in pixels, where a page of this dialect names one. */
  maxInputEdge: number | null;
  /** The dialect's own words for each status, which a list may be filtered by. */
  words: Record<JobStatus, readonly string[]>;
  /** A job as it stands in a list or a webhook. */
  item(job: JobRecord, context: ViewContext): object;
  /** A job as the answer to a call. */
  job(job: JobRecord, context: ViewContext): unknown;
  list(items: object[], list: ListView, context: ViewContext): unknown;
  error(kind: string, message: string, context: ViewContext): unknown;
  webhook(job: JobRecord, context: ViewContext): unknown;
}
