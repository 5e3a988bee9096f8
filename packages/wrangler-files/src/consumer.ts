import { TRACED_SHARE, WORKERS_MAX } from "@prewarm/shared/limits";
import { destinationsOf, type Installation, inherited, observability, VERSION } from "./common.ts";
import { localStage, placeOf, type Site, type Stage, stagesOf, type Table, varsOf } from "./stage.ts";

/** The consumer Worker: writes. Queue batches, cron, hooks, control API, dashboard, the Ledger. */
export function consumerFile(site: Site, installation: Installation): Table {
  const local = localStage(site);
  const environments = stagesOf(site).map((stage) => [stage.environment, environmentOf(stage)]);
  return {
    // A batch of misses ends after a quarter of a second at most, and its handler goes on in the background: the next batch does not wait for that.
    ...inherited(installation.consumer, ["queue_consumer_no_wait_for_wait_until"], installation),
    observability: observed({}),
    assets: {
      directory: installation.dashboard,
      binding: "ASSETS",
      not_found_handling: "single-page-application",
      run_worker_first: [
        ...["/api/*", "/hooks/*", "/metrics", "/healthz", "/readyz", "/openapi.json"],
        "/.well-known/prewarm-receipts",
      ],
    },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Ledger"] }],
    // The alarm is the clock. Alarms may be lost: the cron sets them again, and does their work meanwhile.
    triggers: { crons: ["* * * * *"] },
    vars: varsOf(local),
    ...bindings(local),
    ...(environments.length === 0 ? {} : { env: Object.fromEntries(environments) }),
  };
}

function environmentOf(stage: Stage): Table {
  const { destinations, traceSampling } = stage.settings;
  const own = destinations !== undefined || traceSampling !== undefined;
  return {
    ...placeOf(stage, "consumer"),
    ...(own ? { observability: observed(stage.settings) } : {}),
    vars: varsOf(stage),
    ...bindings(stage),
  };
}

/** Spans of the platform's own too: calls of the engine, R2, queues and the ledger. */
function observed(settings: Stage["settings"]): Table {
  const { traceSampling = TRACED_SHARE, destinations = {} } = settings;
  return observability(settings, {
    traces: { enabled: true, head_sampling_rate: traceSampling, ...destinationsOf(destinations.traces) },
  });
}

/** wrangler inherits no binding and no variable, so each environment has all of them. */
function bindings({ names, buckets }: Stage): Table {
  const { live, work, uploads, dead } = names;
  return {
    ...VERSION,
    r2_buckets: buckets,
    durable_objects: {
      bindings: [{ name: "LEDGER", class_name: "Ledger" }],
      // A deploy reaches the ledger at once: without this an old one goes on beside new handlers for up to five minutes.
      code_update_strategy: { mode: "immediate" },
    },
    queues: {
      // What the ledger sends, and metrics() of every queue for the dashboard.
      producers: [
        { binding: "LIVE_QUEUE", queue: live },
        { binding: "WORK_QUEUE", queue: work },
        { binding: "UPLOADS_QUEUE", queue: uploads },
        { binding: "DEAD_QUEUE", queue: dead },
      ],
      consumers: consumers(names),
    },
  };
}

/** Every setting is written out: local defaults differ from production's (docs/operate.md). */
function consumers({ live, work, uploads, dead }: Stage["names"]): Table[] {
  return [
    // A viewer waits for each message, so no batch waits for a fuller one. Handlers leave within half a second.
    { queue: live, ...batches(100, 0), ...retries(10, 5), max_concurrency: 20, dead_letter_queue: dead },
    /*
     * Each message wakes one worker, which asks the ledger for some 22 seconds what to do: so one message a batch, at once. Six connections and
     * 0.46 s of calls a variant bring a worker to some 13 variants a second at most, and 8 is what it keeps up, so max_concurrency must be
     * ≥ gate.ratePerSecond / 8 (wrangler-files.test.ts). The ledger wakes only as many as it has work for.
     */
    { queue: work, ...batches(1, 0), ...retries(10, 10), max_concurrency: WORKERS_MAX, dead_letter_queue: dead },
    // R2 event notifications. Nobody else would repeat them, so they are retried for longest.
    { queue: uploads, ...batches(100, 2), ...retries(100, 30), max_concurrency: 5, dead_letter_queue: dead },
    // The platform's dead letters of all three: read and recorded, never a dead end.
    { queue: dead, ...batches(100, 5), ...retries(100, 60), max_concurrency: 1 },
  ];
}

/** Messages at most, and seconds to wait for them. */
function batches(size: number, seconds: number): Table {
  return { max_batch_size: size, max_batch_timeout: seconds };
}

/** Tries at most, and seconds between them. */
function retries(times: number, seconds: number): Table {
  return { max_retries: times, retry_delay: seconds };
}
