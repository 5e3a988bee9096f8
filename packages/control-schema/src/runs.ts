import * as z from "zod";
import { WaitingFor } from "./jobs.ts";
import { Pace } from "./pace.ts";
import { Rejection } from "./warm.ts";
import { CountsByState, count, Lane, milliseconds, nextCursor, pageQuery, time } from "./words.ts";

export const Run = z
  .object({
    run: z.string(),
    label: z.string().nullable(),
    lane: Lane,
    state: z.enum(["accepting", "running", "done", "cancelled"]),
    createdAt: time,
    updatedAt: time,
    endedAt: time.nullable(),
    accepted: count,
    duplicates: count,
    existing: count,
    rejectedTotal: count.meta({ description: "Items of its requests that were refused at the door" }),
    who: z.string().nullable().meta({ description: "Who asked; null: a hook, or unknown" }),
    first: time
      .nullable()
      .meta({ description: "Since when it goes before the other runs of its lane; null: it takes turns with them" }),
    outcome: z
      .enum(["ok", "with failures", "failed"])
      .nullable()
      .meta({ description: "Of a run that is done. failed: nothing was stored, or every item was refused" }),
    waitingFor: WaitingFor,
    total: count.meta({ description: "Variants this run waits for or waited for: accepted and joined ones" }),
    done: count.meta({ description: "Variants of `total` that have ended" }),
    states: CountsByState,
    pace: Pace,
    timeToReady: z
      .object({ p50: milliseconds.nullable(), p95: milliseconds.nullable() })
      .meta({ description: "From acceptance to stored, in milliseconds" }),
  })
  .meta({ id: "Run" });
export type Run = z.infer<typeof Run>;

export const RunPatch = z
  .strictObject({
    first: z.boolean().meta({
      description:
        "true: its jobs go before those of the other runs of their lane, which pays as before; false: in turn again",
    }),
  })
  .meta({ id: "RunPatch" });

export const RunPage = z.object({ runs: z.array(Run), nextCursor }).meta({ id: "RunPage" });

export const RejectedPage = z
  .object({ rejected: z.array(Rejection), nextCursor })
  .meta({ id: "RejectedPage", description: "Up to 1,000 of each request are kept" });

export const runsQuery = pageQuery.extend({ state: z.enum(["open", "done", "cancelled"]).optional() });
