import { DryRun, WarmAnswer, WarmRequest, warmHeaders, warmQuery } from "@prewarm/control-schema/warm";
import { ApiError } from "@prewarm/shared/api-errors";
import { STREAM_MAX_BYTES } from "@prewarm/shared/limits";
import type { Context } from "hono";
import * as z from "zod";
import { acceptStream, sha256Hex } from "../intake/accept-stream.ts";
import { cutChunks } from "../intake/cut-chunks.ts";
import { dryRun } from "../intake/dry-run.ts";
import { Planner } from "../intake/plan-item.ts";
import { readItem, readWarmBody } from "../intake/read-items.ts";
import { invalidInput } from "../platform/invalid-input.ts";
import type { ApiDeps } from "./deps.ts";
import { type ApiEnv, unread } from "./endpoint.ts";
import { answer, refusal, refusals } from "./responses.ts";

/** A JSON body is parsed whole, so it has to be small beside the Worker's 128 MB. */
const JSON_MAX_BYTES = 16_000_000;

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
            "application/json": { schema: WarmRequest },
            "application/x-ndjson": { schema: z.string() },
            "text/csv": { schema: z.string() },
          },
        },
      },
      responses: {
        200: answer(DryRun, "Dry run: nothing was enqueued"),
        202: answer(WarmAnswer, "Every accepted variant has a durable row"),
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
    throw new ApiError("parameter_conflict", {
      detail: "force makes stored variants again, onlyMissing leaves them out.",
    });
  const planner = new Planner(deps.config, query.data.recipe, deps.signingKeys.length > 0);
  const chunks = cutChunks(items, (item) => planner.plan(readItem(item)));
  if (query.data.dryRun) return c.json(await dryRun(chunks, force, deps), 200);
  const { delivery, ...named } = await names(c.req.header("Idempotency-Key"));
  const run = query.data.run ?? named.run;
  const order = {
    run: {
      run,
      label: options.label ?? query.data.label ?? null,
      lane: options.lane ?? query.data.lane ?? ("bulk" as const),
    },
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
    throw new ApiError("parameter_invalid", {
      detail: "Idempotency-Key: 1 to 255 characters.",
      parameter: "Idempotency-Key",
    });
  const hash = await sha256Hex(key === undefined ? crypto.randomUUID() : `warm\n${key}`);
  return { run: `run_${hash.slice(0, 20)}`, delivery: `warm:${hash}` };
}
