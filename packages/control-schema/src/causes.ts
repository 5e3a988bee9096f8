import * as z from "zod";
import type { CallTable } from "./call.ts";
import { Job } from "./jobs.ts";
import { count, time } from "./words.ts";

export const UnreadableMessage = z
  .object({
    id: z.string(),
    queue: z.string(),
    reason: z.string(),
    body: z.string().meta({ description: "First 2,000 characters" }),
    at: time,
  })
  .meta({ id: "UnreadableMessage", description: "A queue message that no handler could read" });
export type UnreadableMessage = z.infer<typeof UnreadableMessage>;

const window = z.enum(["5m", "1h", "1d", "all"]);
/** Of which time causes are asked. */
export type CauseWindow = z.infer<typeof window>;

export const Cause = z
  .object({
    cause: z.string().meta({ description: "Stable name: `cause:` of a search for jobs" }),
    code: z.string(),
    text: z.string().meta({ description: "A sample; numbers, ids and the asked format vary within a cause" }),
    count: count.meta({ description: "Jobs that failed last within the window" }),
    states: z.object({ retrying: count, dead: count, refused: count }),
    trend: z.array(count).meta({ description: "`count` by twelve equal parts of the window, the oldest first" }),
    firstSeen: time.meta({ description: "Of all that failed alike and are still known" }),
    lastSeen: time,
    formats: z.record(z.string(), count),
    prefixes: z.array(z.object({ prefix: z.string(), count })).meta({ description: "Folders with most of them" }),
    sample: Job,
    meaning: z.string().nullable().meta({ description: "What the code means (docs/runbook.md)" }),
    cure: z.string().nullable().meta({ description: "What to do" }),
  })
  .meta({ id: "Cause" });
export type Cause = z.infer<typeof Cause>;

export const Causes = z
  .object({
    window,
    from: time,
    exact: z
      .boolean()
      .meta({ description: "False: more than 100,000 jobs of a state have failed; some are not counted" }),
    causes: z.array(Cause),
    unreadable: z.array(UnreadableMessage).meta({ description: "The newest 50; of a run none" }),
  })
  .meta({ id: "Causes" });
export type Causes = z.infer<typeof Causes>;

export const causesQuery = z.object({ window: window.default("1h"), run: z.string().max(80).optional() });

export const causeCalls = {
  "GET /api/v1/causes": {
    id: "listCauses",
    tag: "causes",
    may: "viewer",
    summary: "Why jobs fail now: causes over retrying, dead and refused jobs, those with most jobs first",
    description: "Without `run` also the queue messages that no handler could read.",
    query: causesQuery,
    answers: { 200: [Causes, "Causes, at most 200"] },
  },
} as const satisfies CallTable;
