import * as z from "zod";
import type { CallTable } from "./call.ts";
import { JobError } from "./jobs.ts";
import { Rejection } from "./warm.ts";
import { CountsByState, count, time } from "./words.ts";

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
    accepted: count,
    duplicates: count,
    existing: count,
    purged: count,
    ignored: count,
    rejected: count,
    images: z
      .array(
        z.object({
          id: z.string(),
          states: CountsByState.partial().meta({
            description: "Its variants that are not stored now, by state; a state without any is left out",
          }),
          error: JobError.nullable().meta({ description: "Why the last of them failed" }),
        }),
      )
      .meta({ description: "The first of the images that it uploaded, at most five" }),
  })
  .meta({ id: "HookDelivery" });
/** What came of a delivery of an upload system. */
export type HookDelivery = z.infer<typeof HookDelivery>;

export const Hooks = z
  .object({
    hooks: z.array(
      z.object({
        name: z.string(),
        verifier: z.string(),
        mapper: z.string(),
        recipe: z.string(),
        jobsPerImage: count.meta({ description: "Jobs of one new picture: the variants of its recipe" }),
        fault: z.string().nullable().meta({ description: "Why it takes nothing now" }),
      }),
    ),
    deliveries: z.array(HookDelivery),
  })
  .meta({ id: "Hooks" });
export type Hooks = z.infer<typeof Hooks>;

/** Deliveries that are kept. */
const KEPT = 200;
const moment = z.coerce.number<number>().int().min(0).optional();

export const hooksQuery = z.object({
  limit: z.coerce.number<number>().int().min(1).max(KEPT).default(KEPT),
  from: moment.meta({ description: "Unix milliseconds: only deliveries since then" }),
  to: moment.meta({ description: "Unix milliseconds: only deliveries until then" }),
});

/** Senders' own limits are far below (S3: 64 kB, Standard Webhooks: 20 kB advised). */
const BODY_MAX_BYTES = 1_048_576;

export const hookCalls = {
  "GET /api/v1/hooks": {
    id: "listHooks",
    tag: "hooks",
    may: "viewer",
    summary: "Hooks, and the last 200 deliveries with their verdicts, the newest first",
    description: "With what each hook's configuration is at fault for, and what became of each delivery's images.",
    query: hooksQuery,
    answers: { 200: [Hooks, "Now"] },
  },
  "POST /hooks/{name}": {
    id: "receiveHook",
    tag: "hooks",
    may: "public",
    summary: "An upload system announces new, replaced and deleted originals",
    description:
      "The proof (signature or token) and the body's shape are the configured hook's. The body is at most 1 MiB.",
    params: z.object({ name: z.string().max(64) }),
    body: z.unknown(),
    bodyMax: BODY_MAX_BYTES,
    answers: { 202: [HookAnswer, "Durable"] },
    refusals: {
      400: "Proved, but not a body the mapper reads",
      401: "No valid proof, whatever the reason; also for hooks that do not exist",
      422: "The same delivery id with another body",
      429: "Too much work is waiting, or the hook has ordered its jobs of the day; see Retry-After",
      503: "The ledger or the sender's published keys are unreachable, or the hook's configuration is at fault: send it again",
    },
  },
} as const satisfies CallTable;
