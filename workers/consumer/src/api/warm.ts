import { warmHeaders, warmQuery } from "@prewarm/control-schema/warm";
import { ApiError } from "@prewarm/shared/api-errors";
import { acceptStream, sha256Hex } from "../intake/accept-stream.ts";
import { cutChunks } from "../intake/cut-chunks.ts";
import { dryRun } from "../intake/dry-run.ts";
import { Planner } from "../intake/plan-item.ts";
import { readItem, readWarmBody } from "../intake/read-items.ts";
import { invalidInput } from "../platform/invalid-input.ts";
import type { ApiDeps } from "./deps.ts";
import type { Asked, Resource } from "./endpoint.ts";

export const warm = {
  // Unread: rows are written while the body still streams in.
  "POST /api/v1/warm": { unread: enqueue },
} satisfies Resource;

async function enqueue({ caller, c }: Pick<Asked<"POST /api/v1/warm">, "caller" | "c">, deps: ApiDeps) {
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
  if (query.data.dryRun) return { status: 200 as const, body: await dryRun(chunks, force, deps) };
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
    who: caller.who,
  };
  const { outdated, ...counts } = await acceptStream(chunks, order, deps);
  return { status: 202 as const, body: { run, ...counts, duplicates: counts.duplicates + outdated } };
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
