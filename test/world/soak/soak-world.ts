import { defineConfig } from "@prewarm/shared/config";
import type { AcceptChunk, AcceptImage } from "../../../workers/consumer/src/images/calls.ts";
import { createIttybit } from "../../../workers/consumer/src/ittybit/client.ts";
import { ittybitOver } from "../../../workers/consumer/src/testing/test-service.ts";
import { type Chance, createChance } from "../chance.ts";
import { CANCELLING } from "../histories/ledger-look.ts";
import type { QueueOptions } from "../queue.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { byRates, CALM, type Rates } from "../weather.ts";
import { World } from "../world.ts";
import { Diary } from "./diary.ts";
import { plainUpstream } from "./plain-upstream.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export interface SoakOptions {
  images: number;
  seed: number;
  /** Handlers of `prewarm-live` and of `prewarm-work`. */
  handlers: { live: number; work: number };
  /** How much faster than the machine's time runs while answers are under way. */
  scale: number;
  concurrency: number;
  ratePerSecond: number;
  burst: number;
  jobMs: { min: number; max: number };
  /** Batches as the platform closes them; default: of any size, in any order. */
  batches?: QueueOptions["batch"];
  service: "ittybit" | "plain";
  /** Keeps what passed for each key, for the report of a violation. */
  traced: boolean;
}

/** Images of a chunk, each with six variants. */
const CHUNK_IMAGES = 160;
const BORN_AT = 1_800_000_000_000;
const LONGEST_API_MS = 15_000;
const LONGEST_MS = 30_000;
const UNRULY = { max: 100, timeoutMs: 200 };

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

/** The world with the real client and the emulator behind real HTTP, in which everything goes wrong by its rate. */
export class SoakWorld extends World {
  readonly options: SoakOptions;
  readonly chance: Chance;
  readonly upstream: Upstream;
  /** The originals' present versions, by image; shared with the origin's thread. */
  readonly versions: Int32Array;
  readonly diary: Diary;
  readonly #rates: { now: Rates };
  #deliveries = 0;

  constructor(options: SoakOptions, clock: VirtualClock, versions: Int32Array, upstream: Upstream) {
    const { seed, handlers, batches, concurrency, ratePerSecond, burst } = options;
    const rates = { now: CALM };
    const diary = new Diary(clock.now, versions, options.traced);
    const fetcher = timedFetch(clock, upstream.apiUrl);
    const client = diary.watching(
      createIttybit({ baseUrl: upstream.apiUrl, apiKey: "soak-key", fetch: fetcher, clock }),
    );
    const queue = { batch: batches ?? UNRULY, unruly: batches === undefined };
    super({
      config: defineConfig({
        sources: [{ prefix: "", url: `${upstream.originUrl}/{id}` }],
        gate: { concurrency, ratePerSecond, burst },
        budget: { month: null },
      }),
      clock,
      chance: createChance(seed + 3),
      watcher: diary,
      weather: byRates(() => rates.now, createChance(seed + 2)),
      outside: { engine: upstream.engine ?? ittybitOver(() => client, { allowLoopbackHttp: true }), fetch: fetcher },
      queues: {
        live: { name: "prewarm-live", handlers: handlers.live, ...queue },
        work: { name: "prewarm-work", handlers: handlers.work, ...queue },
      },
      log: (event, fields) => diary.logged(event, fields),
    });
    this.options = options;
    this.chance = createChance(seed + 6);
    this.upstream = upstream;
    this.versions = versions;
    this.diary = diary;
    diary.attach(this.sql);
    this.#rates = rates;
  }

  setRates(next: Rates): void {
    this.#rates.now = next;
  }

  warm(run: string, images: AcceptImage[], force = false): Promise<void> {
    return this.request({ run, label: null, lane: "bulk" }, images, force);
  }

  /** One request, as the API and the hooks make it: its chunks, each until it is answered, then its end. */
  async request(run: AcceptChunk["run"], images: AcceptImage[], force = false): Promise<void> {
    this.#deliveries += 1;
    const delivery = { id: `delivery${this.#deliveries}`, hash: "h" };
    let chunk = 0;
    for (let at = 0; at < images.length; at += CHUNK_IMAGES) {
      const part = { run, delivery: { ...delivery, chunk }, images: images.slice(at, at + CHUNK_IMAGES) };
      await this.ask((ledger) => ledger.acceptChunk({ ...part, force, backlogMax: 1_000_000 }));
      chunk += 1;
    }
    const end = { delivery: { ...delivery, chunks: chunk }, run: run.run, who: "soak", summary: {} };
    await this.ask((ledger) => ledger.finishDelivery(end));
  }

  /** How many rows are open. */
  get open(): number {
    return Number(this.sql.exec("SELECT count(*) AS n FROM jobs WHERE state <= ?", CANCELLING)[0]?.n);
  }

  override async close(): Promise<void> {
    this.clock.stop();
    await this.upstream.close();
    super.close();
  }
}

/** A world whose time has begun. */
export async function createSoakWorld(options: SoakOptions): Promise<SoakWorld> {
  const { images, seed, scale, jobMs, service } = options;
  const clock = new VirtualClock(BORN_AT, createChance(seed).random);
  const versionBytes = new SharedArrayBuffer(4 * images);
  const thread = { time: clock.shared, versions: versionBytes, seed: seed + 1, jobMs };
  const versions = new Int32Array(versionBytes);
  const emulator = await startUpstream(thread, (work) => clock.holding(work));
  const upstream = service === "plain" ? plainUpstream(emulator, clock, versions, createChance(seed + 1)) : emulator;
  clock.start(scale);
  return new SoakWorld(options, clock, versions, upstream);
}
