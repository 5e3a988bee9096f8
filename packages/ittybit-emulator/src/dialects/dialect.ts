import type { JobRecord } from "../jobs/job-record.ts";
import type { Settings } from "../settings.ts";

/** What a dialect may need beside the job itself. */
export interface ViewContext {
  /** Added to each timestamp: the emulator's clock skew. */
  skewMs: number;
  settings: Settings;
  /** Address of this API, for links. */
  apiUrl: string;
  newEventId(): string;
  now: number;
}

interface ListView {
  limit: number;
  hasMore: boolean;
  total: number;
  page: number;
}

/** How ids, jobs, lists, errors and webhooks look in one version of the API. Pure. */
export interface Dialect {
  idPrefix: string;
  /** Whether `/tasks` is another name of `/jobs`. */
  tasksAreJobs: boolean;
  /** Whether lists are paged by number, with a total. */
  numberedPages: boolean;
  job(job: JobRecord, context: ViewContext): unknown;
  list(jobs: JobRecord[], list: ListView, context: ViewContext): unknown;
  error(kind: string, message: string, context: ViewContext): unknown;
  webhook(job: JobRecord, context: ViewContext): unknown;
}
