import type { JobRecord } from "../jobs/job-record.ts";
import type { Settings } from "../settings.ts";
import { guideDialect } from "./guide-dialect.ts";
import { referenceDialect } from "./reference-dialect.ts";
import { v2025Dialect } from "./v2025-dialect.ts";

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

export interface ListView {
  limit: number;
  hasMore: boolean;
  total: number;
  page: number;
}

/** One way of saying the same things: how ids, jobs, lists, errors and webhooks look. Pure. */
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

const DIALECTS: Record<Settings["profile"], Dialect> = {
  reference: referenceDialect,
  guide: guideDialect,
  v2025: v2025Dialect,
};

export function dialectOf(settings: Settings): Dialect {
  return DIALECTS[settings.profile];
}
