import { MISSES_PER_MINUTE } from "@prewarm/shared/limits";
import { type Installation, inherited, observability, VERSION } from "./common.ts";
import { localStage, placeOf, type Site, type Stage, stagesOf, type Table } from "./stage.ts";

/** The edge Worker: reads. GET /images/*, /originals/*, /staged/*, /info/*, /healthz. */
export function edgeFile(site: Site, installation: Installation): Table {
  const local = localStage(site);
  const environments = stagesOf(site).map((stage) => [stage.environment, environmentOf(stage)]);
  return {
    ...inherited(installation.edge, [], installation),
    // Names of functions are 2 kB of the bundle's 20: no code reads them.
    keep_names: false,
    observability: observability({}, {}),
    ...bindings(local),
    ...(environments.length === 0 ? {} : { env: Object.fromEntries(environments) }),
  };
}

function environmentOf(stage: Stage): Table {
  return {
    ...placeOf(stage, "edge"),
    ...(stage.settings.destinations?.logs === undefined ? {} : { observability: observability(stage.settings, {}) }),
    ...bindings(stage),
  };
}

/** wrangler inherits no binding and no variable, so each environment has all of them. */
function bindings({ settings, names, buckets }: Stage): Table {
  const counter = counterOf(names.edge);
  return {
    ...VERSION,
    r2_buckets: buckets,
    // Retention is set on the queue itself, when `prewarm provision` creates it.
    queues: { producers: [{ binding: "LIVE_QUEUE", queue: names.live }] },
    // A viewer's miss goes straight to the consumer. The queue takes what is not recorded there in time.
    services: [{ binding: "CONSUMER", service: names.consumer, entrypoint: "Misses" }],
    // Caps the live messages one client address can cause per minute and location; over it the viewer still gets the redirect.
    ratelimits: [
      limiter("ENQUEUE_LIMIT", counter, MISSES_PER_MINUTE.known),
      limiter("UNKNOWN_LIMIT", counter + 10, MISSES_PER_MINUTE.unknown),
    ],
    // Views, counted by what answered them. $0.25 a million points beyond 10 million a month; `countViews` thins them out.
    ...(settings.views === true ? { analytics_engine_datasets: [{ binding: "VIEWS", dataset: names.views }] } : {}),
  };
}

function limiter(name: string, counter: number, limit: number): Table {
  return { name, namespace_id: String(counter), simple: { limit, period: 60 } };
}

/**
 * The first of an edge's two counters. Counters belong to the account: two Workers with one counter would count each other's misses, so it is
 * made of the Worker's name (FNV-1a) and within 31 bits.
 */
function counterOf(worker: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(worker)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return 10_000 + 20 * (hash % 100_000_000);
}
