import { z } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import { STREAM_MAX_BYTES } from "@prewarm/shared/limits";
import type { Context } from "hono";
import { acceptStream, sha256Hex } from "../intake/accept-stream.ts";
import { cutChunks } from "../intake/cut-chunks.ts";
import { dryRun } from "../intake/dry-run.ts";
import { recipeName, rejection, warmBody } from "../intake/item.ts";
import { Planner } from "../intake/plan-item.ts";
import { readItem, readWarmBody } from "../intake/read-items.ts";
import { invalidInput } from "../platform/invalid-input.ts";
import type { ApiDeps } from "./deps.ts";
import { type ApiEnv, unread } from "./endpoint.ts";
import { answer, bytes, count, flag, refusal, refusals } from "./schema-words.ts";

/** A JSON body is parsed whole, so it has to be small beside the Worker's 128 MB. */
const JSON_MAX_BYTES = 16_000_000;

const warmAnswer = z
  .object({
    run: z.string(),
    accepted: count.openapi({ description: "Variants with a job from now on" }),
    duplicates: count.openapi({ description: "Variants that already had an open job, or stood twice in this request" }),
    existing: count.openapi({
      description:
        "Variants that R2 has, where `onlyMissing` asked it; else it is seen when their turn comes, without a job",
    }),
    rejected: z.array(rejection).openapi({ description: "At most 1,000 are listed" }),
    rejectedTotal: count,
    repeat: z
      .boolean()
      .openapi({ description: "The whole request had been accepted before under this Idempotency-Key" }),
  })
  .openapi("WarmAnswer");

const dryRunAnswer = z
  .object({
    dryRun: z.literal(true),
    images: count,
    variants: count.openapi({ description: "Variants asked for, each counted once" }),
    existing: count.openapi({ description: "Variants already stored" }),
    duplicates: count.openapi({ description: "Variants that already have an open job" }),
    jobs: count.openapi({ description: "Ittybit jobs it would take" }),
    downloadBytes: bytes.nullable().openapi({
      description: "Bytes Ittybit would read from the source, each job reading its original; null: unknown",
    }),
    sampled: count.openapi({ description: "Originals whose size was asked to estimate downloadBytes" }),
    exact: z.boolean().openapi({ description: "False when the request was too large to look up every variant" }),
    price: z
      .union([z.object({ amount: z.number(), per1000Jobs: z.number() }), z.literal("unknown")])
      .openapi({ description: "In the configured currency unit" }),
    rejected: z.array(rejection),
    rejectedTotal: count,
  })
  .openapi("DryRun");

const warmQuery = z.strictObject({
  dryRun: flag,
  run: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .openapi({ description: "Join this run, or begin it under this name: a long list sent in parts is one run" }),
  label: z.string().max(200).optional(),
  force: flag,
  onlyMissing: flag,
  recipe: recipeName.optional().openapi({ description: "For items that name nothing themselves (NDJSON and CSV)" }),
});

const warmHeaders = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .optional()
    .openapi({ description: "A repeat with the same body continues or repeats the same run" }),
});

export const warm = [
  // Unread: rows are written while the body still streams in.
  unread(
    "warm",
    {
      method: "post",
      path: "/api/v1/warm",
      tags: ["warm"],
      summary: "Enqueue variants in bulk",
      description:
        "JSON up to 16 MB; `application/x-ndjson` (one item, or one id, a line) and `text/csv` (header with id, v, sourceEtag, recipe, presets, transforms; several values separated by spaces) stream at any length.",
      request: {
        query: warmQuery,
        headers: warmHeaders,
        body: {
          required: true,
          content: {
            "application/json": { schema: warmBody },
            "application/x-ndjson": { schema: z.string() },
            "text/csv": { schema: z.string() },
          },
        },
      },
      responses: {
        200: answer(dryRunAnswer, "Dry run: nothing was enqueued"),
        202: answer(warmAnswer, "Every accepted variant has a durable row"),
        ...refusals,
        415: refusal("Not JSON, NDJSON or CSV"),
        422: refusal("The Idempotency-Key was used with another body"),
        429: refusal("Too much work is waiting; see Retry-After"),
        507: refusal("The ledger is nearly full, and takes no new bulk; see Retry-After"),
      },
    },
    enqueue,
    (mediaType) => (mediaType === "application/json" ? JSON_MAX_BYTES : STREAM_MAX_BYTES),
  ),
];

async function enqueue(c: Context<ApiEnv>, deps: ApiDeps) {
  const query = warmQuery.safeParse(c.req.query());
  if (!query.success) throw invalidInput("query", query.error);
  const { items, options } = await readWarmBody(c.req.raw);
  const force = options.force ?? query.data.force;
  const onlyMissing = options.onlyMissing ?? query.data.onlyMissing;
  if (force && onlyMissing)
    throw new AppError("parameter_conflict", {
      detail: "force makes everything anew, onlyMissing leaves out what is there.",
    });
  const planner = new Planner(deps.config, query.data.recipe, deps.signingKeys.length > 0);
  const chunks = cutChunks(items, (item) => planner.plan(readItem(item)));
  if (query.data.dryRun) return c.json(await dryRun(chunks, force, deps), 200);
  const { delivery, ...named } = await names(c.req.header("Idempotency-Key"));
  const run = query.data.run ?? named.run;
  const order = {
    run: { run, label: options.label ?? query.data.label ?? null, lane: "bulk" as const },
    delivery,
    options: { force, onlyMissing, recipe: query.data.recipe ?? null },
    bodyHash: null,
    who: c.get("caller").who,
  };
  const { outdated, ...counts } = await acceptStream(chunks, order, deps);
  return c.json({ run, ...counts, duplicates: counts.duplicates + outdated }, 202);
}

/** The run's name comes from the idempotency key, so that a repeat continues it. */
async function names(key: string | undefined): Promise<{ run: string; delivery: string }> {
  const parsed = warmHeaders.safeParse({ "idempotency-key": key });
  if (!parsed.success)
    throw new AppError("parameter_invalid", {
      detail: "Idempotency-Key: 1 to 255 characters.",
      parameter: "Idempotency-Key",
    });
  const hash = await sha256Hex(key === undefined ? crypto.randomUUID() : `warm\n${key}`);
  return { run: `run_${hash.slice(0, 20)}`, delivery: `warm:${hash}` };
}
