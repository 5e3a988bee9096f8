import * as z from "zod";
import { count, time } from "./words.ts";

export const Pace = z
  .object({
    perSecond: z
      .number()
      .min(0)
      .nullable()
      .meta({ description: "Its jobs that end per second until it is done; null: not known" }),
    secondsLeft: z.number().min(0).nullable().meta({ description: "Until its last job has ended; null: see `why`" }),
    doneAt: time.nullable().meta({ description: "The same as a moment; null: see `why`, or nothing is open" }),
    doneBetween: z
      .object({ from: time, to: time })
      .nullable()
      .meta({ description: "The same at the pace of the fastest and of the slowest of the last minutes" }),
    why: z
      .string()
      .nullable()
      .meta({ description: "Why no time can be told", example: "No job has ended since 2026-11-24T14:05Z." }),
    jobsLeft: count.meta({ description: "Jobs that Ittybit is still to make; those at Ittybit are paid for" }),
    amountLeft: z.number().min(0).nullable().meta({ description: "What they cost; null: no price is set" }),
  })
  .meta({ id: "Pace", description: "How fast, and when it is done: the same answer wherever it stands" });
export type Pace = z.infer<typeof Pace>;
