import type { Log } from "@prewarm/shared/log";
import { stagedSegment } from "@prewarm/shared/staged-name";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";
import type { Ittybit } from "../../workers/consumer/src/ittybit/client.ts";
import {
  createFakeIttybit,
  type FakeIttybit,
  type FakeJob,
  OUTPUT_HOST,
} from "../../workers/consumer/src/testing/fake-ittybit.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";
import { ittybitOver, madeAt, type TestService } from "../../workers/consumer/src/testing/test-service.ts";
import { createChance } from "./chance.ts";
import { jobsIn } from "./histories/ledger-look.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { noFaults, scripted, type Weather } from "./weather.ts";
import { type Watcher, World } from "./world.ts";

export const ORIGINALS = "https://cdn.example.com/originals";
/** Another origin, for a site with two. */
export const OTHER_ORIGINALS = "https://other.example.com/originals";
/** Where the edge has staged originals. */
export const STAGED = "https://images.example.com/staged";
/** Originals whose ids begin so are no pictures. */
export const HTML_ID = "html";
export const BORN_AT = 1_800_000_000_000;

export interface CalmOptions {
  gate?: TestSite["gate"];
  budget?: TestSite["budget"];
  /** Workers at once. */
  workers?: number;
  /** Handlers of viewers' misses at once. */
  liveHandlers?: number;
  weather?: Partial<Weather>;
  watcher?: Partial<Watcher>;
  /** Unix ms. */
  bornAt?: number;
  /** Other settings. */
  config?: TestSite;
  /** How long originals and results take, ms. */
  webMs?: number | ((url: string) => number);
  /** Originals are staged. Default: yes. */
  stages?: boolean;
  /** Whether there is no such original. */
  isMissing?: (id: string) => boolean;
  /** What an origin answers in place of an original, at Unix ms `now`, of which it was asked for the whole or the start; null: the original. */
  origin?: (url: string, now: number, isWhole: boolean) => Response | null;
  /** The etag that an original's origin tells; default: none. */
  etag?: (id: string) => string | null;
  /** A result's bytes; default: a picture of the width that was asked for. */
  result?: (width: number) => Promise<Uint8Array>;
  /** What the results' host answers in place of a result, at Unix ms `now`; null: the result. */
  instead?: (job: FakeJob, now: number) => Response | null;
  log?: Log;
  /** Another client in front of the Ittybit in memory; default: none, for it is one itself. */
  client?: (ittybit: FakeIttybit, clock: VirtualClock) => Ittybit;
  /** Another service than Ittybit in memory. */
  service?: (clock: VirtualClock) => TestService;
}

/** A world in which nothing goes wrong but what a test orders, with Ittybit in memory and originals of 1000 × 500. */
export class CalmWorld extends World {
  readonly service: TestService;
  readonly ittybit: FakeIttybit;
  readonly violations: string[];
  /** Every address that a handler has asked. */
  readonly fetched: string[];
  #deliveries = 0;

  constructor(options: CalmOptions = {}) {
    const {
      gate = {},
      budget = {},
      workers = 10,
      liveHandlers = 10,
      weather = {},
      watcher = {},
      config = {},
      bornAt = BORN_AT,
    } = options;
    const { client } = options;
    const chance = createChance(1);
    const clock = new VirtualClock(bornAt, chance.random);
    const ittybit = createFakeIttybit(clock);
    const asked = client?.(ittybit, clock) ?? ittybit;
    const service = options.service?.(clock) ?? { engine: ittybitOver(() => asked), made: () => madeAt(ittybit) };
    const violations: string[] = [];
    const fetched: string[] = [];
    super({
      config: testSite({
        sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }],
        gate,
        budget,
        ...config,
      }),
      clock,
      chance,
      weather: { ...scripted(noFaults, chance), message: () => [50], ...weather },
      watcher: {
        hear: (_call, _args, work) => work(),
        committed: () => undefined,
        passed: () => undefined,
        putIssued: () => undefined,
        putLanded: () => undefined,
        violation: (text) => void violations.push(text),
        ...watcher,
      },
      outside: {
        engine: service.engine,
        fetch: webOf(clock, ittybit, fetched, options),
        stagedUrl:
          (options.stages ?? true) ? async ({ id, ...name }) => `${STAGED}/${stagedSegment(name)}/${id}` : null,
      },
      queues: {
        live: { name: "prewarm-live", handlers: liveHandlers, batch: { max: 100, timeoutMs: 0 }, unruly: false },
        work: { name: "prewarm-work", handlers: workers, batch: { max: 1, timeoutMs: 0 }, unruly: false },
      },
      log: options.log ?? (() => undefined),
    });
    this.service = service;
    this.ittybit = ittybit;
    this.violations = violations;
    this.fetched = fetched;
  }

  /** Accepts a request of one chunk: ≤ 1,000 keys, by the image they are of. */
  async accept(lane: "upload" | "bulk", keysById: Record<string, string[]>): Promise<void> {
    const images = Object.entries(keysById).map(([id, keys]) => ({ id, keys, order: null, sourceEtag: null }));
    this.#deliveries += 1;
    const delivery = { id: `delivery${this.#deliveries}`, chunk: 0, hash: "h" };
    const run = { run: lane, label: null, lane };
    await this.clock.until(
      this.ask((ledger) => ledger.acceptChunk({ run, delivery, images, force: false, backlogMax: 1_000_000 })),
    );
  }

  /** How many rows are in a state, by its code in the table. */
  count(state: number): number {
    return jobsIn(this.sql).filter((row) => row.state === state).length;
  }

  /** How many variants stand in R2. */
  get stored(): number {
    return [...this.store.objects.keys()].filter((key) => key.startsWith("variants/")).length;
  }
}

function webOf(clock: VirtualClock, ittybit: FakeIttybit, fetched: string[], options: CalmOptions): typeof fetch {
  const { webMs = 0, isMissing = () => false, instead = () => null, etag = () => null } = options;
  const { origin = () => null, result = (width) => picture("webp", width, width / 2) } = options;
  return (async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input);
    fetched.push(url);
    const ms = typeof webMs === "number" ? webMs : webMs(url);
    if (ms > 0) await clock.sleep(ms);
    if (url.startsWith(ORIGINALS) && isMissing(url.slice(ORIGINALS.length + 1)))
      return new Response(null, { status: 404 });
    if (url.startsWith(`${ORIGINALS}/${HTML_ID}`)) return new Response("<!doctype html>");
    const failure = isOriginal(url) ? origin(url, clock.now(), !new Headers(init?.headers).has("range")) : null;
    if (failure !== null) return failure;
    if (isOriginal(url)) {
      const told = etag(url.slice(ORIGINALS.length + 1));
      // The encoder's threads know nothing of this time.
      const body = await clock.holding(() => picture("jpeg", 1000, 500));
      return new Response(body, told === null ? {} : { headers: { etag: told } });
    }
    const job = ittybit.jobs.find(({ id }) => url === `${OUTPUT_HOST}/${id}`);
    const fault = job === undefined ? null : instead(job, clock.now());
    if (fault !== null) return fault;
    const width = job?.order.options.width ?? 0;
    return new Response(await clock.holding(() => result(width)));
  }) as typeof fetch;
}

function isOriginal(url: string): boolean {
  return url.startsWith(ORIGINALS) || url.startsWith(OTHER_ORIGINALS);
}
