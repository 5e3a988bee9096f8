import { defineConfig } from "@prewarm/shared/config";
import { WORK_MESSAGE } from "@prewarm/shared/messages";
import { type Chance, createChance } from "../../test/world/chance.ts";
import { Life } from "../../test/world/life.ts";
import { Queue } from "../../test/world/queue.ts";
import { Store } from "../../test/world/store.ts";
import { VirtualClock } from "../../test/world/virtual-clock.ts";
import { VirtualObject } from "../../test/world/virtual-object.ts";
import { noFaults, scripted, type Weather } from "../../test/world/weather.ts";
import type { LedgerCalls } from "../../workers/consumer/src/ledger/contract.ts";
import { ledgerClient } from "../../workers/consumer/src/ledger/ledger-for.ts";
import type { LedgerDeps } from "../../workers/consumer/src/ledger/object/ledger-deps.ts";
import { chunkOf } from "../../workers/consumer/src/ledger/testing/chunk-of.ts";
import type { BatchDeps } from "../../workers/consumer/src/making/batch-context.ts";
import { consumeBatch } from "../../workers/consumer/src/making/consume-batch.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";
import { ModelledIttybit, OUTPUT_HOST } from "./modelled-ittybit.ts";

/** Latencies in ms, each ± SPREAD. What the platform really takes is not known; these are what the design was tuned with. */
export const LATENCIES = { post: 150, list: 120, head: 40, probe: 60, download: 150, put: 60, rpc: 8 };
const SPREAD = 0.3;
const WAKE_MS = { from: 300, to: 1_100 };
const BORN_AT = 1_800_000_000_000;
const CHUNK = 1_000;
const [WIDTH, HEIGHT] = [1_000, 500];
const LONGEST_MS = 3_600_000;

export interface DrainOptions {
  variants: number;
  variantsPerImage: number;
  slots: number;
  ratePerSecond: number;
  jobMs: number;
  /** Job times vary by this share to either side. */
  jitter: number;
  /** `max_concurrency`: handlers at work at once. */
  handlers: number;
  seed: number;
}

export interface Drained {
  /** Variants a second, between a fifth and nine tenths of them. */
  perSecond: number;
  /** Of the least of rate and slots / job time. */
  share: number;
  callsPerVariant: number;
  exchangesPerVariant: number;
  messagesPerVariant: number;
  mostRunning: number;
  mostPostsPerSecond: number;
  /** The ledger's own time for all of its calls on this machine, in ms for one variant. */
  ledgerMs: number;
  /** Changed in the database for one variant, without the index's. */
  rows: number;
}

/** The real ledger and the real handlers in virtual time, among modelled latencies, with nothing going wrong. */
export class DrainWorld {
  readonly clock: VirtualClock;
  readonly ittybit: ModelledIttybit;
  readonly #options: DrainOptions;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #store: Store;
  readonly #work: Queue;
  readonly #object: VirtualObject;
  readonly #storedAt: number[] = [];
  #ledgerMs = 0;
  #owners = 0;

  constructor(options: DrainOptions) {
    const chance = createChance(options.seed);
    const clock = new VirtualClock(BORN_AT, chance.random);
    this.#options = options;
    this.#chance = chance;
    this.clock = clock;
    this.#weather = {
      ...scripted(noFaults, chance),
      wire: () => ({ ms: this.#vary("rpc") / 2, backMs: this.#vary("rpc") / 2, lost: null }),
      store: (call) => ({ ms: this.#vary(call === "put" ? "put" : "head"), backMs: 0, lost: null }),
      message: () => [chance.between(WAKE_MS.from, WAKE_MS.to)],
    };
    const watcher = {
      hear: (_call: string, _args: unknown[], work: () => unknown) => this.#timed(work),
      ...{ committed: () => undefined, putIssued: () => undefined },
      putLanded: ({ key }: { key: string }) => void (key.startsWith("variants/") && this.#storedAt.push(clock.now())),
      // Its promises are judged by test/world.
      violation: () => undefined,
    };
    const world = { clock, chance, weather: this.#weather, watcher };
    this.#store = new Store(world);
    this.ittybit = new ModelledIttybit({ clock, takes: (call) => this.#takes(call) });
    this.#object = new VirtualObject({ ...world, depsOf: () => this.#ledgerDeps() });
    const batch = { max: 1, timeoutMs: 0 };
    const queue = { name: "prewarm-work", handlers: options.handlers, batch, unruly: false };
    this.#work = new Queue(queue, world, (delivery) => consumeBatch(delivery, "work", this.#batchDeps()));
  }

  async drain(): Promise<Drained> {
    const { variants } = this.#options;
    await this.#accept();
    const began = this.clock.now();
    while (this.#storedAt.length < variants) {
      await this.clock.run(1_000);
      if (this.clock.now() - began > LONGEST_MS)
        throw new Error(`${this.#storedAt.length} of ${variants} were stored within an hour`);
    }
    const drained = this.#result();
    this.#object.sql.close();
    return drained;
  }

  async #accept(): Promise<void> {
    const { variants, variantsPerImage } = this.#options;
    const keys = Array.from({ length: variants }, (_, n) => {
      const image = Math.floor(n / variantsPerImage);
      return `image-${image}/${100 + 10 * (n % variantsPerImage)}-high.webp`;
    });
    const ledger = this.#ledger();
    // A new instance's bucket is empty: the run begins with a full one.
    await this.clock.run(60_000);
    for (let at = 0; at < keys.length; at += CHUNK) {
      const delivery = { id: "drain", chunk: at / CHUNK, hash: "h" };
      const chunk = chunkOf({ run: "drain", keys: keys.slice(at, at + CHUNK) }, delivery);
      await this.clock.until(ledger.acceptChunk(chunk));
    }
  }

  #result(): Drained {
    const { variants, slots, ratePerSecond, jobMs } = this.#options;
    const [first, last] = [Math.floor(variants * 0.2), Math.floor(variants * 0.9) - 1];
    const ms = (this.#storedAt[last] ?? 0) - (this.#storedAt[first] ?? 0);
    const perSecond = (1_000 * (last - first)) / ms;
    const { calls, most } = this.ittybit;
    const changes = Number(this.#object.sql.exec("SELECT total_changes() AS n")[0]?.n);
    return {
      perSecond,
      share: perSecond / Math.min(ratePerSecond, (1_000 * slots) / jobMs),
      callsPerVariant: (calls.post + calls.list + calls.get) / variants,
      exchangesPerVariant: this.#object.counts.calls / variants,
      messagesPerVariant: this.#work.counts.sent / variants,
      mostRunning: most.running,
      mostPostsPerSecond: most.postsPerSecond,
      ledgerMs: this.#ledgerMs / variants,
      rows: changes / variants,
    };
  }

  #vary(name: keyof typeof LATENCIES): number {
    return LATENCIES[name] * this.#chance.between(1 - SPREAD, 1 + SPREAD);
  }

  #takes(call: "post" | "list" | "job"): number {
    const { jobMs, jitter } = this.#options;
    return call === "job" ? jobMs * this.#chance.between(1 - jitter, 1 + jitter) : this.#vary(call);
  }

  #timed(work: () => unknown): unknown {
    const start = performance.now();
    const answer = work();
    this.#ledgerMs += performance.now() - start;
    return answer;
  }

  #ledger(): LedgerCalls {
    const { clock } = this;
    return ledgerClient(this.#object.newStub, { clock, log: quiet, sleep: (ms) => clock.sleep(ms) });
  }

  get #config() {
    const { slots, ratePerSecond } = this.#options;
    return defineConfig({
      sources: [{ prefix: "", url: "https://originals.example/{id}" }],
      gate: { concurrency: slots, ratePerSecond, burst: ratePerSecond, monthlyJobs: null },
    });
  }

  #ledgerDeps(): LedgerDeps {
    const { clock, ittybit } = this;
    return {
      ...{ config: this.#config, clock, log: quiet, newLedgerId: () => "L1", sleep: (ms) => clock.sleep(ms) },
      ...{ within: (work) => work, ittybit },
      send: async (wakeUps) => {
        for (let n = 0; n < wakeUps; n += 1) this.#work.send(WORK_MESSAGE);
      },
      ...{ purge: async () => undefined, storedOf: async () => [], publishGate: async () => undefined },
    };
  }

  #batchDeps(): BatchDeps {
    const { clock, ittybit } = this;
    const fetcher: typeof fetch = (input) => this.#fetch(String(input));
    return {
      ...{ config: this.#config, clock, log: quiet, sleep: (ms: number) => clock.sleep(ms), fetch: fetcher },
      ...{ ledger: this.#ledger(), ittybit, images: this.#store.bucket(new Life()), allowLoopbackHttp: false },
      originals: { fetch: fetcher, bucket: () => null, bucketOriginalUrl: async () => "" },
      newOwner: () => {
        this.#owners += 1;
        return `owner${this.#owners}`;
      },
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

function quiet(): void {
  // A drain is measured, not narrated.
}
