import { defineConfig } from "@prewarm/shared/config";
import { missMessage, WORK_MESSAGE } from "@prewarm/shared/messages";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import { type Chance, createChance } from "../../test/world/chance.ts";
import { Life } from "../../test/world/life.ts";
import { Queue } from "../../test/world/queue.ts";
import { Store } from "../../test/world/store.ts";
import { VirtualClock } from "../../test/world/virtual-clock.ts";
import { VirtualObject } from "../../test/world/virtual-object.ts";
import { noFaults, scripted, type Weather } from "../../test/world/weather.ts";
import type { LedgerDeps } from "../../workers/consumer/src/ledger/ledger-deps.ts";
import type { LedgerCalls } from "../../workers/consumer/src/ledger/ledger-for.ts";
import { ledgerClient } from "../../workers/consumer/src/ledger/ledger-for.ts";
import { chunkOf } from "../../workers/consumer/src/ledger/testing/chunk-of.ts";
import type { BatchDeps, Role } from "../../workers/consumer/src/making/batch-context.ts";
import { consumeBatch } from "../../workers/consumer/src/making/consume-batch.ts";
import { consumeMiss } from "../../workers/consumer/src/making/consume-miss.ts";
import type { QueueBatch } from "../../workers/consumer/src/platform/queue-message.ts";
import { noSpan } from "../../workers/consumer/src/platform/span.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";
import { countedHost, type EngineHost, ittybitOver } from "../../workers/consumer/src/testing/test-service.ts";
import { ModelledIttybit, OUTPUT_HOST } from "./modelled-ittybit.ts";

/** Latencies in ms, each ± SPREAD. What the platform really takes is not known; these are what the design was tuned with. */
export const LATENCIES = { post: 150, list: 120, head: 40, probe: 60, download: 150, put: 60, rpc: 8 };
const SPREAD = 0.3;
const WAKE_MS = { from: 300, to: 1_100 };
const BORN_AT = 1_800_000_000_000;
const CHUNK = 1_000;
const [WIDTH, HEIGHT] = [1_000, 500];
/** As the consumer's wrangler file has it. */
const LIVE_HANDLERS = 20;

export interface WorldOptions {
  slots: number;
  ratePerSecond: number;
  /** Tokens at once. Default: a second's. */
  burst?: number;
  jobMs: number;
  /** Job times vary by this share to either side. */
  jitter: number;
  /** `max_concurrency` of `prewarm-work`: handlers at work at once. */
  workers: number;
  /** Whether the queue adds one handler per batch that completes. Default: all are there at once. */
  grows?: boolean;
  seed: number;
}

/** The real ledger and the real handlers in virtual time, among modelled latencies, with nothing going wrong. */
export class ModelledWorld {
  readonly clock: VirtualClock;
  readonly ittybit: ModelledIttybit;
  readonly #options: WorldOptions;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #store: Store;
  readonly #work: Queue;
  readonly #live: Queue;
  readonly #object: VirtualObject;
  readonly #storedAt = new Map<string, number>();
  readonly #engine = ittybitOver(() => this.ittybit);
  #ledgerMs = 0;
  readonly #callsAt: number[] = [];
  #notes = 0;
  #heads = 0;
  #owners = 0;
  #deliveries = 0;

  constructor(options: WorldOptions) {
    const chance = createChance(options.seed);
    const clock = new VirtualClock(BORN_AT, chance.random);
    this.#options = options;
    this.#chance = chance;
    this.clock = clock;
    this.#weather = {
      ...scripted(noFaults, chance),
      wire: () => ({ ms: this.#vary("rpc") / 2, backMs: this.#vary("rpc") / 2, lost: null }),
      store: (call) => {
        if (call === "head" || call === "get") this.#heads += 1;
        return { ms: this.#vary(call === "put" ? "put" : "head"), backMs: 0, lost: null };
      },
      message: () => [chance.between(WAKE_MS.from, WAKE_MS.to)],
    };
    const watcher = {
      hear: (_call: string, _args: unknown[], work: () => unknown) => {
        this.#callsAt.push(clock.now());
        return this.#timed(work);
      },
      committed: () => undefined,
      putIssued: () => undefined,
      putLanded: ({ key }: { key: string }) => {
        const variant = variantKeyOf(key);
        if (parseVariantKey(variant) !== null) this.#storedAt.set(variant, clock.now());
        else this.#notes += 1;
      },
      // Its promises are judged by test/world.
      violation: () => undefined,
    };
    const world = { clock, chance, weather: this.#weather, watcher };
    this.#store = new Store(world);
    this.ittybit = new ModelledIttybit({ clock, takes: (call) => this.#takes(call) });
    this.#object = new VirtualObject({ ...world, skew: () => 0, depsOf: () => this.#ledgerDeps() });
    const batch = { max: 1, timeoutMs: 0 };
    const deliver = (role: Role) => (delivery: QueueBatch) => consumeBatch(delivery, role, this.#batchDeps(), () => {});
    const queue = { batch, unruly: false };
    this.#work = new Queue(
      { name: "prewarm-work", handlers: options.workers, grows: options.grows ?? false, ...queue },
      world,
      deliver("work"),
    );
    const live = { max: 100, timeoutMs: 0 };
    this.#live = new Queue(
      { name: "prewarm-live", handlers: LIVE_HANDLERS, batch: live, unruly: false },
      world,
      deliver("urgent"),
    );
  }

  /** When the ledger heard its calls, Unix ms. */
  get callsAt(): readonly number[] {
    return this.#callsAt;
  }

  /** When each variant was stored, Unix ms. */
  get storedAt(): ReadonlyMap<string, number> {
    return this.#storedAt;
  }

  /**
   * The ledger's calls, messages to both queues, puts of what is noted of images, heads and reads of R2, rows changed without those of indexes,
   * and the ledger's own CPU time on this machine.
   */
  get counts() {
    const rows = Number(this.#object.sql.exec("SELECT total_changes() AS n")[0]?.n);
    const messages = this.#work.counts.sent + this.#live.counts.sent;
    const ledgerCalls = this.#object.counts.calls;
    return { ledgerCalls, messages, notes: this.#notes, heads: this.#heads, rows, ledgerMs: this.#ledgerMs };
  }

  /** Accepts keys of one lane as one delivery, in chunks of a thousand. */
  async accept(lane: "upload" | "bulk", keys: readonly string[]): Promise<void> {
    this.#deliveries += 1;
    const ledger = this.#ledger();
    for (let at = 0; at < keys.length; at += CHUNK) {
      const delivery = { id: `delivery${this.#deliveries}`, chunk: at / CHUNK, hash: "h" };
      await ledger.acceptChunk(chunkOf({ run: lane, lane, keys: keys.slice(at, at + CHUNK) }, delivery));
    }
  }

  /** A viewer misses a variant: the edge calls the consumer, and sends the message where that is not heard. */
  async view(key: string): Promise<void> {
    const message = missMessage(key, this.clock.now());
    await this.clock.sleep(this.#vary("rpc") / 2);
    if (!(await consumeMiss(message, this.#batchDeps(), () => {}))) this.#live.send(message);
  }

  close(): void {
    this.#object.sql.close();
  }

  #vary(name: keyof typeof LATENCIES): number {
    return LATENCIES[name] * this.#chance.between(1 - SPREAD, 1 + SPREAD);
  }

  #takes(call: "post" | "list" | "job"): number {
    const { jobMs, jitter } = this.#options;
    return call === "job" ? jobMs * this.#chance.between(1 - jitter, 1 + jitter) : this.#vary(call);
  }

  #timed(work: () => unknown): unknown {
    const start = process.threadCpuUsage();
    const answer = work();
    const { user, system } = process.threadCpuUsage(start);
    this.#ledgerMs += (user + system) / 1_000;
    return answer;
  }

  #ledger(): LedgerCalls {
    const { clock } = this;
    const newCallId = () => crypto.randomUUID();
    return ledgerClient(this.#object.newStub, { clock, log: quiet, sleep: (ms) => clock.sleep(ms), newCallId });
  }

  get #config() {
    const { slots, ratePerSecond, burst = ratePerSecond } = this.#options;
    return defineConfig({
      sources: [{ prefix: "", url: "https://originals.example/{id}" }],
      gate: { concurrency: slots, ratePerSecond, burst },
      budget: { month: null },
    });
  }

  #ledgerDeps(): LedgerDeps {
    const { clock } = this;
    const sleep = (ms: number) => clock.sleep(ms);
    return {
      config: this.#config,
      clock,
      log: quiet,
      sleep,
      controlUrl: null,
      version: null,
      newQueueId: () => "L1",
      within: (work) => work,
      watchExternalJobs: this.#engine(this.#host).observe,
      send: async (wakeUps) => {
        for (let n = 0; n < wakeUps; n += 1) this.#work.send(WORK_MESSAGE);
      },
      sweep: async () => [],
      listBlocks: async () => [],
      putChanges: async (next) => void next(),
      publishGate: async () => undefined,
      deliver: async () => ({ status: 204, said: "" }),
    };
  }

  get #host(): EngineHost {
    const { clock } = this;
    const fetcher: typeof fetch = (input) => this.#fetch(String(input));
    return { clock, log: quiet, sleep: (ms) => clock.sleep(ms), fetch: fetcher, living: (target) => target };
  }

  #batchDeps(): BatchDeps {
    const { sleep, fetch } = this.#host;
    return {
      config: this.#config,
      clock: this.clock,
      log: quiet,
      sleep,
      ledger: this.#ledger(),
      images: this.#store.bucket(new Life()),
      newEngine: (called) => this.#engine(countedHost(this.#host, called)),
      originals: { fetch, bucket: () => null, bucketOriginalUrl: async () => "", stagedUrl: null },
      newOwner: () => {
        this.#owners += 1;
        return `owner${this.#owners}`;
      },
      span: noSpan,
      at: async () => undefined,
    };
  }

  /** Real bytes of the size that was ordered, made once. */
  async #fetch(url: string): Promise<Response> {
    const isResult = url.startsWith(OUTPUT_HOST);
    await this.clock.sleep(this.#vary(isResult ? "download" : "probe"));
    if (!isResult) return new Response(await this.clock.holding(() => picture("jpeg", WIDTH, HEIGHT)));
    const width = this.ittybit.find(url.slice(OUTPUT_HOST.length + 1))?.order.options.width ?? 0;
    return new Response(await this.clock.holding(() => picture("webp", width, width / 2)));
  }
}

function variantKeyOf(storeKey: string): string {
  return storeKey.slice(storeKey.indexOf("/") + 1);
}

function quiet(): void {
  // A drain is measured, not narrated.
}
