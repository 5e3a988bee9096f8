import { AppError } from "@prewarm/shared/errors";
import type { Context } from "hono";
import { acceptStream, sha256Hex } from "../../intake/accept-stream.ts";
import { cutChunks } from "../../intake/cut-chunks.ts";
import { dryRun } from "../../intake/dry-run.ts";
import { Planner } from "../../intake/plan-item.ts";
import { readItem, readWarmBody } from "../../intake/read-items.ts";
import { invalidInput } from "../../platform/invalid-input.ts";
import type { ApiEnv } from "../api-env.ts";
import type { ApiDeps } from "../deps.ts";

import type { Registrar } from "../registrar.ts";
import { warmHeaders, warmQuery, warmRoute } from "../schemas/warm.ts";

/** Registered without the framework's body validation, which would read the whole body before the first row is written. */
export const registerWarm: Registrar = (app, deps) => {
  app.post(warmRoute.getRoutingPath(), (c) => warm(c, deps));
};

async function warm(c: Context<ApiEnv>, deps: ApiDeps): Promise<Response> {
  const query = warmQuery.safeParse(c.req.query());
  if (!query.success) throw invalidInput("query", query.error);
  const { items, options } = await readWarmBody(c.req.raw);
  const force = options.force ?? query.data.force;
  const onlyMissing = options.onlyMissing ?? query.data.onlyMissing;
  if (force && onlyMissing)
    throw new AppError("parameter_conflict", {
      detail: "force makes everything anew, onlyMissing leaves out what is there.",
    });
  const planner = new Planner(deps.config, query.data.recipe);
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
