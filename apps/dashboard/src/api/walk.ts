import type { Job } from "@prewarm/control-schema/jobs";
import { ask } from "./session.ts";

/** For so long a search goes on by itself until its page is full, in ms. */
const WALK_MS = 2_000;
/** Jobs that one call walks past. */
const STRETCH = 1_000;

type Query = NonNullable<Parameters<typeof ask<"GET /api/v1/jobs">>[1]["query"]>;

/** A page of a search, with about how many jobs were looked at for it. */
export interface Walked {
  jobs: Job[];
  nextCursor: string | null;
  walked: number;
}

/** A page of jobs: short pages are followed until there is a full one, no more, or two seconds have passed. */
export async function walkJobs(query: Query & { limit: number }, signal: AbortSignal): Promise<Walked> {
  const jobs: Job[] = [];
  const until = Date.now() + WALK_MS;
  let cursor = query.cursor;
  for (let calls = 1; ; calls += 1) {
    const left = { ...query, limit: query.limit - jobs.length, ...(cursor ? { cursor } : {}) };
    const page = await ask("GET /api/v1/jobs", { query: left, signal });
    jobs.push(...page.jobs);
    const isDone = page.nextCursor === null || jobs.length >= query.limit || Date.now() > until;
    if (isDone) return { jobs, nextCursor: page.nextCursor, walked: calls * STRETCH };
    cursor = page.nextCursor ?? undefined;
  }
}
