import type { GatePatch } from "../../ledger/api-views.ts";
import { gateAnswer } from "../gate-answer.ts";
import type { HistoryBucket, Tier } from "../ledger-port.ts";
import { METRICS_TYPE, metricsText } from "../metrics-text.ts";
import type { Api, Registrar } from "../registrar.ts";
import { getGateRoute, patchGateRoute } from "../schemas/gate.ts";
import type { History } from "../schemas/stats.ts";
import { historyRoute, statsRoute } from "../schemas/stats.ts";
import { metricsRoute } from "../schemas/system.ts";
import { statsAnswer } from "../stats-answer.ts";

const BUCKET_MS: Record<Tier, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Buckets shown when the caller names no range. */
const BUCKETS: Record<Tier, number> = { minute: 60, hour: 24, day: 30 };
/** Buckets in one answer. */
const BUCKETS_MAX = 10_080;

/** Numbers: overview, history, Prometheus, and the gate. */
export const registerStats: Registrar = (app: Api, deps) => {
  const stats = async () => statsAnswer(await deps.ledger.stats(), deps);
  app.openapi(statsRoute, async (c) => c.json(await stats(), 200));
  app.openapi(metricsRoute, async (c) => c.text(metricsText(await stats()), 200, { "Content-Type": METRICS_TYPE }));
  app.openapi(historyRoute, async (c) => {
    const { tier, from, to } = c.req.valid("query");
    const now = deps.clock.now();
    const range = rangeOf(tier, from, to, now);
    const found = await deps.ledger.history(tier, range.from, range.to);
    return c.json({ tier, bucketMs: BUCKET_MS[tier], buckets: filled(found, tier, range, now) }, 200);
  });
  app.openapi(getGateRoute, async (c) => {
    return c.json(gateAnswer(await deps.ledger.getGate()), 200);
  });
  app.openapi(patchGateRoute, async (c) => {
    const patched = await deps.ledger.patchGate(c.req.valid("json") as GatePatch, c.get("caller").who);
    return c.json(gateAnswer(patched), 200);
  });
};

function rangeOf(
  tier: Tier,
  from: number | undefined,
  to: number | undefined,
  now: number,
): { from: number; to: number } {
  const step = BUCKET_MS[tier];
  const last = Math.floor((to ?? now) / step) * step;
  const first = from === undefined ? last - (BUCKETS[tier] - 1) * step : Math.floor(from / step) * step;
  return { from: Math.max(first, last - (BUCKETS_MAX - 1) * step), to: last };
}

/** One bucket for every step, so that a chart shows silence as silence. */
function filled(
  found: HistoryBucket[],
  tier: Tier,
  range: { from: number; to: number },
  now: number,
): History["buckets"] {
  const byTime = new Map(found.map((bucket) => [bucket.at, bucket]));
  const step = BUCKET_MS[tier];
  const buckets: History["buckets"] = [];
  for (let at = range.from; at <= range.to; at += step) {
    buckets.push({ ...(byTime.get(at) ?? emptyBucket(at)), filling: at + step > now });
  }
  return buckets;
}

function emptyBucket(at: number): HistoryBucket {
  const none = { p50: null, p95: null, p99: null };
  return {
    at,
    accepted: 0,
    stored: 0,
    failed: 0,
    dead: 0,
    throttled: 0,
    wait: none,
    run: none,
    oldestMs: null,
    open: null,
  };
}
