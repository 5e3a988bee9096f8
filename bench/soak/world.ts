import { type Config, defineConfig } from "@prewarm/shared/config";
import { GATE_KEY } from "@prewarm/shared/markers";
import { createIttybit } from "../../workers/consumer/src/ittybit/client.ts";
import { collectEnded } from "../../workers/consumer/src/ittybit/observe-jobs.ts";
import type { AcceptRequest, ClaimAnswer, Outcome, Settled } from "../../workers/consumer/src/ledger/contract.ts";
import type { LedgerDeps } from "../../workers/consumer/src/ledger/object/ledger-deps.ts";
import type { PurgeTask } from "../../workers/consumer/src/ledger/protocol/purge.ts";
import { nodeSql } from "../../workers/consumer/src/ledger/testing/node-sql.ts";
import type { BatchDeps } from "../../workers/consumer/src/making/batch-context.ts";
import { purgeObjects } from "../../workers/consumer/src/store/purge-objects.ts";
import { CALM, type Rates } from "./faults.ts";
import { Handlers } from "./handlers.ts";
import { count, History } from "./history.ts";
import { LedgerHost } from "./ledger-host.ts";
import { imageOf } from "./originals.ts";
import { createChance } from "./random.ts";
import { SimQueue } from "./sim-queue.ts";
import { type BucketDeps, createBucket, SqlStore } from "./sql-bucket.ts";
import { startUpstream } from "./upstream.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface WorldOptions {
  images: number;
  seed: number;
  /** Handlers of `prewarm-live` and of `prewarm-work`. */
  handlers: { live: number; work: number };
  /** How much faster than the machine's time runs while answers are under way. */
  scale: number;
  concurrency: number;
  ratePerSecond: number;
  jobMs: { min: number; max: number };
  /** Batches as the platform closes them; default: of any size, in any order. */
  batches?: { max: number; timeoutMs: number };
  /** Keeps what passed for each key, for the report of a violation. */
  traced: boolean;
}

const LONGEST_API_MS = 15_000;
const LONGEST_MS = 30_000;

/** The real fetch, with the time-outs of our callers counted in the world's time instead of the machine's. */
function timedFetch(clock: VirtualClock, apiUrl: string): typeof fetch {
  return (input, init) => {
    const url = String(input);
    const controller = new AbortController();
    const longest = url.startsWith(apiUrl) ? LONGEST_API_MS : LONGEST_MS;
    clock.after(longest, () => controller.abort(new DOMException("no answer in time", "TimeoutError")));
    return clock.holding(() => fetch(url, { ...init, signal: controller.signal }));
  };
}

/** Real handlers, real ledger, real client; simulated queue, R2 and wire; the emulator behind real HTTP. */
export async function createWorld(options: WorldOptions) {
  const { images, seed, scale } = options;
  const clock = new VirtualClock(createChance(seed), scale);
  const versionBytes = new SharedArrayBuffer(4 * images);
  const versions = new Int32Array(versionBytes);
  const upstream = await startUpstream({
    ...{ time: clock.shared, versions: versionBytes, seed: seed + 1, jobMs: options.jobMs },
  });
  const history = new History(() => clock.now(), versions, options.traced);
  const logs = new Map<string, number>();
  let rates: Rates = CALM;
  const common = { clock, rates: () => rates };
  const config: Config = defineConfig({
    sources: [{ prefix: "", url: `${upstream.originUrl}/{id}` }],
    gate: { concurrency: options.concurrency, ratePerSecond: options.ratePerSecond, burst: 20, monthlyJobs: null },
  });

  function log(event: string, fields: Record<string, unknown> = {}): void {
    count(logs, event);
    const error = String(fields.error ?? "");
    const ours = error.includes("(soak)") || error.includes("no answer in time");
    if (event === "job.unexpected" && !ours) history.violation(`unexpected: ${fields.key} ${error}`);
    if (event === "batch.failed" && !ours) history.violation(`a batch failed: ${error}`);
    if (event === "ledger.duty_failed" && !ours) history.violation(`duty ${fields.duty} failed: ${error}`);
    if (event === "ledger.dispatch_failed" && !ours) history.violation(`dispatch failed: ${error}`);
  }

  const store = new SqlStore();
  const bucketDeps: BucketDeps = {
    ...common,
    store,
    chance: createChance(seed + 2),
    onPut(object) {
      if (!object.key.startsWith("variants/")) return;
      history.puts += 1;
      void history.check(object, false);
    },
  };
  const queueChance = createChance(seed + 3);
  const live = new SimQueue("prewarm-live", clock, queueChance, () => rates);
  const work = new SimQueue("prewarm-work", clock, queueChance, () => rates);
  const fetcher = timedFetch(clock, upstream.apiUrl);
  const ittybit = createIttybit({ baseUrl: upstream.apiUrl, apiKey: "soak-key", fetch: fetcher, clock });
  const ledgerBucket = createBucket(bucketDeps);
  const wire = createChance(seed + 4);
  const sql = nodeSql();
  const deps: LedgerDeps = {
    ...{ config, clock, log, newLedgerId: () => `soak${seed}`, sleep: (ms) => clock.sleep(ms) },
    async send(messages) {
      await clock.sleep(wire.between(5, 50));
      if (wire.hits(rates.callLost)) throw new Error("the queue refused the batch (soak)");
      for (const { body } of messages) {
        const isLost = !work.send(body);
        for (const key of body.keys) history.note(key, isLost ? "sent and lost" : "sent");
      }
      if (wire.hits(rates.answerLost)) throw new Error("the queue's answer was lost (soak)");
    },
    collect: (open, observeEnded) => collectEnded(open, observeEnded, { ittybit, clock, log }),
    purge: (task, goOn) => purgeObjects(ledgerBucket, task, goOn),
    publishGate: async (file) => {
      await ledgerBucket.put(GATE_KEY, JSON.stringify(file));
    },
  };
  const host = new LedgerHost({
    ...{ ...common, sql, deps, chance: wire },
    heard(call, args, answer) {
      history.trace(call, args, answer);
      if (call === "settle") history.settled(args[1] as Record<string, Outcome>, answer as Record<string, Settled>);
      if (call === "claim") history.claimed(answer as ClaimAnswer);
      if (call === "accept") history.accepted(args[0] as AcceptRequest);
      if (call === "purgeBegin") history.purgeBegun(imageOf(String(args[0])), (answer as PurgeTask).floor);
    },
  });

  function batchDeps(lastWrite: number): Omit<BatchDeps, "at"> {
    return {
      ...{ config, clock, log, fetch: fetcher, allowLoopbackHttp: true },
      sleep: (ms) => clock.sleep(ms),
      ledger: host.port(),
      ittybit: history.watching(ittybit),
      images: createBucket(bucketDeps, lastWrite),
      originals: { fetch: fetcher, bucket: () => null, bucketOriginalUrl: async () => null },
      newOwner: () => crypto.randomUUID(),
    };
  }

  const queues = [
    ...Array.from({ length: options.handlers.live }, () => live),
    ...Array.from({ length: options.handlers.work }, () => work),
  ];
  const handlers = new Handlers(
    { ...common, chance: createChance(seed + 5), history, batchDeps, batches: options.batches },
    queues,
  );

  return {
    ...{ options, clock, versions, upstream, history, logs, config, store, live, work, sql, host, handlers },
    chance: createChance(seed + 6),
    setRates(next: Rates): void {
      rates = next;
    },
    async close(): Promise<void> {
      handlers.stop();
      host.stop();
      clock.stop();
      await upstream.close();
      store.close();
      sql.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
