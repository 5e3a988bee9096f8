import { z } from "@hono/zod-openapi";
import { hookFault, isRecord } from "../hooks/hook-fault.ts";
import { receiveHook } from "../hooks/receive-hook.ts";
import { rejection } from "../intake/item.ts";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";
import { unread, viewer } from "./endpoint.ts";
import { answer, count, refusal, refusals, time } from "./schema-words.ts";

/** Senders' own limits are far below (S3: 64 kB, Standard Webhooks: 20 kB advised). */
const BODY_MAX_BYTES = 1_048_576;

const hookAnswer = z
  .object({
    run: z
      .string()
      .nullable()
      .openapi({ description: "The rolling run of this hook and day; null when nothing was enqueued" }),
    accepted: count,
    duplicates: count,
    existing: count,
    purged: count.openapi({ description: "Images whose deletion was told" }),
    ignored: count.openapi({
      description: "Events that are no image upload: test events, other types, our own variants",
    }),
    rejected: z.array(rejection),
    duplicate: z.boolean().openapi({ description: "This very delivery had been accepted before; nothing was done" }),
  })
  .openapi("HookAnswer");

const delivery = z
  .object({
    ...{
      hook: z.string().openapi({ description: "As configured; `r2`: R2's notifications; `unknown`: no hook's name" }),
    },
    at: time.openapi({ description: "Of refusals alike the last" }),
    verdict: z.enum(["accepted", "repeat", "refused"]),
    why: z.string().nullable().openapi({ description: "Of a refusal, or of the first item that was rejected" }),
    n: count.openapi({
      description: "Refusals alike within ten minutes of each other; without a proof, at least so many",
    }),
    run: z.string().nullable(),
    ...{ accepted: count, duplicates: count, existing: count, purged: count, ignored: count, rejected: count },
  })
  .openapi("HookDelivery");

const hookList = z
  .object({
    hooks: z.array(
      z.object({
        ...{ name: z.string(), verifier: z.string(), mapper: z.string(), recipe: z.string() },
        fault: z.string().nullable().openapi({ description: "Why it takes nothing now" }),
      }),
    ),
    deliveries: z.array(delivery),
  })
  .openapi("Hooks");

export const hooks = [
  viewer(
    {
      method: "get",
      path: "/api/v1/hooks",
      tags: ["hooks"],
      summary: "Hooks, and the last 200 deliveries with their verdicts, the newest first",
      responses: { 200: answer(hookList, "Now"), ...refusals },
    },
    async (c, deps) => {
      const known = Object.entries(isRecord(deps.config.hooks) ? deps.config.hooks : {}).map(([name, hook]) => ({
        ...{ name, verifier: hook.verifier.kind, mapper: hook.mapper.kind, recipe: hook.recipe ?? DEFAULT_RECIPE },
        fault: hookFault(name, deps.config, deps),
      }));
      return c.json({ hooks: known, deliveries: await deps.ledger.listDeliveries() }, 200);
    },
  ),
  // Unread: the raw bytes are what is signed, and a name that is too long is refused as a bad signature is.
  unread(
    "public",
    {
      method: "post",
      path: "/hooks/{name}",
      tags: ["hooks"],
      summary: "An upload system tells what is new, replaced or gone",
      description:
        "The proof (signature or token) and the body's shape are the configured hook's. The body is at most 1 MiB.",
      security: [],
      request: {
        params: z.object({ name: z.string().max(64) }),
        body: { required: true, content: { "application/json": { schema: z.unknown() } } },
      },
      responses: {
        202: answer(hookAnswer, "Durable"),
        400: refusal("Proved, but not a body the mapper reads"),
        401: refusal("No valid proof, whatever the reason; also for hooks that do not exist"),
        422: refusal("The same delivery id with another body"),
        429: refusal("Too much work is waiting; see Retry-After"),
        503: refusal("The ledger is unreachable, or the hook's configuration is at fault: send it again"),
      },
    },
    async (c, deps) => c.json(await receiveHook(c.req.param("name") ?? "", c.req.raw, deps), 202),
    BODY_MAX_BYTES,
  ),
];
