import * as z from "zod";
import type { CallTable } from "./call.ts";
import { count, cursorOf, time } from "./words.ts";

export const Finding = z
  .object({
    code: z.enum([
      ...["object_below_floor", "marker_stale", "note_differs", "lease_expired", "slot_leaked", "counters_differ"],
    ] as const),
    count,
    message: z.string(),
    fixed: z.boolean().meta({ description: "Mended: a second look finds it no more" }),
    examples: z.array(z.string()).meta({ description: "Some of the variant keys concerned, or of the images" }),
  })
  .meta({ id: "Finding" });
/** A way in which ledger and store disagree. */
export type Finding = z.infer<typeof Finding>;

export const doctorRequest = z.strictObject({
  fix: z.boolean().default(false).meta({ description: "Mend what is found; else nothing is changed" }),
  cursor: cursorOf(/^(?:after:.+)?$/s)
    .unwrap()
    .default("")
    .meta({ description: "`nextCursor` of the answer before" }),
  restored: z.boolean().default(false).meta({
    description:
      "An older copy of the ledger's database was put back: first all leases end, and numbers go on above all that can have been given",
  }),
});

export const doctorAnswer = z.object({
  findings: z.array(Finding),
  nextCursor: z.string().nullable().meta({ description: "null: everything was looked at" }),
});

const objects = (text: string) => count.meta({ description: text });

export const DoctorPass = z
  .object({
    objects: objects("Objects of ours that the pass looked at"),
    tookMs: count,
    endedAt: time,
  })
  .meta({ id: "DoctorPass" });
/** A pass over the whole store that has ended. */
export type DoctorPass = z.infer<typeof DoctorPass>;

export const DoctorWalk = z
  .object({
    walking: z.boolean().meta({ description: "False: the cron's walk rests" }),
    startedAt: time.nullable(),
    looked: objects("Objects that this pass has looked at"),
    expected: objects("Objects of the last pass; before one has ended, all variants that were ever stored"),
    endsAt: time.nullable().meta({ description: "Estimate; null: at rest, or more objects than expected were found" }),
    restsUntil: time.nullable().meta({ description: "The next pass begins with the minute after this time" }),
    last: DoctorPass.nullable(),
  })
  .meta({ id: "DoctorWalk" });
/** How far the cron's walk over the store has come, and when it ends. */
export type DoctorWalk = z.infer<typeof DoctorWalk>;

export const doctorCalls = {
  "GET /api/v1/doctor": {
    id: "doctorWalk",
    tag: "system",
    may: "viewer",
    summary: "How far the cron's walk over the store has come, and when it ends",
    description: "With how long the last pass took.",
    answers: { 200: [DoctorWalk, "The walk under way, or the rest after it"] },
  },
  "POST /api/v1/doctor": {
    id: "runDoctor",
    tag: "system",
    may: "mend",
    summary: "Compare ledger and store, as far as one request gets; mend with fix",
    description: "Follow `nextCursor` until it is null.",
    body: doctorRequest,
    answers: { 200: [doctorAnswer, "What was found in this part of the store"] },
  },
} as const satisfies CallTable;
