import * as z from "zod";
import { Rejection } from "./warm.ts";
import { count, time } from "./words.ts";

export const HookAnswer = z
  .object({
    run: z
      .string()
      .nullable()
      .meta({ description: "The rolling run of this hook and day; null when nothing was enqueued" }),
    accepted: count,
    duplicates: count,
    existing: count,
    purged: count.meta({ description: "Images whose deletion was announced" }),
    ignored: count.meta({
      description: "Events that are no image upload: test events, other types, our own variants",
    }),
    rejected: z.array(Rejection),
    duplicate: z.boolean().meta({ description: "This very delivery had been accepted before; nothing was done" }),
  })
  .meta({ id: "HookAnswer" });
export type HookAnswer = z.infer<typeof HookAnswer>;

export const HookDelivery = z
  .object({
    hook: z.string().meta({ description: "As configured; `r2`: R2's notifications; `unknown`: no hook's name" }),
    at: time.meta({ description: "Of refusals alike the last" }),
    verdict: z.enum(["accepted", "repeat", "refused"]),
    why: z.string().nullable().meta({
      description: "Of a refusal, or of the first item that was rejected; else what became of a subscription",
    }),
    n: count.meta({
      description: "Refusals alike within ten minutes of each other; without a proof, at least so many",
    }),
    run: z.string().nullable(),
    ...{ accepted: count, duplicates: count, existing: count, purged: count, ignored: count, rejected: count },
  })
  .meta({ id: "HookDelivery" });
/** What came of a delivery of an upload system. */
export type HookDelivery = z.infer<typeof HookDelivery>;

export const Hooks = z
  .object({
    hooks: z.array(
      z.object({
        ...{ name: z.string(), verifier: z.string(), mapper: z.string(), recipe: z.string() },
        jobsPerImage: count.meta({ description: "Jobs of one new picture: the variants of its recipe" }),
        fault: z.string().nullable().meta({ description: "Why it takes nothing now" }),
      }),
    ),
    deliveries: z.array(HookDelivery),
  })
  .meta({ id: "Hooks" });
export type Hooks = z.infer<typeof Hooks>;
