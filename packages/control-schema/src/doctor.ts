import * as z from "zod";
import { count } from "./words.ts";

export const Finding = z
  .object({
    code: z.enum(["object_below_floor", "marker_stale", "lease_expired", "slot_leaked", "counters_differ"]),
    count,
    message: z.string(),
    fixed: z.boolean().meta({ description: "Mended: a second look finds it no more" }),
    examples: z.array(z.string()).meta({ description: "Some of the variant keys concerned" }),
  })
  .meta({ id: "Finding" });
/** A way in which ledger and store disagree. */
export type Finding = z.infer<typeof Finding>;

export const doctorRequest = z.strictObject({
  fix: z.boolean().default(false).meta({ description: "Mend what is found; else nothing is changed" }),
  cursor: z.string().max(2048).default("").meta({ description: "`nextCursor` of the answer before" }),
  restored: z.boolean().default(false).meta({
    description:
      "An older copy of the ledger's database was put back: first all leases end, and numbers go on above all that can have been given",
  }),
});

export const doctorAnswer = z.object({
  findings: z.array(Finding),
  nextCursor: z.string().nullable().meta({ description: "null: everything was looked at" }),
});
