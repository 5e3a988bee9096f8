import { CHANGES_KEY, printChange, printChanges } from "@prewarm/shared/changes";
import type { Config } from "@prewarm/shared/config";
import { type StoredInfo, withStored } from "@prewarm/shared/image-info";
import type { MissMessage } from "@prewarm/shared/messages";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";
import { infoKey, parseVariantName } from "@prewarm/shared/variant-key";
import type { ViewSink } from "../bindings.ts";
import { createChangesReader, HELD_MS } from "../changes.ts";
import { createLiveGate } from "../miss/gate.ts";
import { createRecentMisses } from "../miss/recent-misses.ts";
import { createTargetCache } from "../request/target-cache.ts";
import type { Edge } from "../request-context.ts";
import { route } from "../route.ts";
import { createFakeBucket, createFakeCache, type FakeBucket, type FakeCache, type Fault, withFault } from "./fakes.ts";

export const ORIGIN = "https://images.example.com";
export const BYTES = Uint8Array.from({ length: 20 }, (_, n) => n);
export const NOW = Date.UTC(2026, 10, 24, 12);

const PHOTO: StoredInfo = {
  width: 2400,
  height: 1600,
  type: "image/jpeg",
  bytes: 350_000,
  frames: 1,
  etag: null,
  version: null,
  lqip: null,
  stored: {},
  others: [],
};

export interface World {
  config: Config;
  edge: Edge;
  images: FakeBucket;
  originals: FakeBucket;
  cache: FakeCache;
  sent: MissMessage[];
  logged: string[];
  /** Lets something be known of an image, as the consumer notes it; what is not said here is of a small photo. */
  know(id: string, info?: Partial<StoredInfo>): void;
  /** What the ledger tells of changed images. What an entry does not say is 0. */
  tell(
    changes: Record<string, { gone?: number; replaced?: number; recropped?: number; removed?: boolean }>,
    before?: number,
  ): void;
  /** Moves the clock, in ms. */
  advance(ms: number): void;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  ask(method: string, path: string, headers?: Record<string, string>): Promise<Response>;
  /** Waits for what was left to the background. */
  settle(): Promise<void>;
  /** A second isolate of the same data centre: the same bindings, a memory of its own. */
  otherIsolate(): World;
}

export interface Options {
  config?: TestSite;
  keys?: string[];
  /** What the originals' server answers; default: nothing is asked of it. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The consumer's entrypoint; default: it has recorded nothing, so a message is sent. */
  consumer?: Edge["consumer"];
  faults?: { cache?: Fault; images?: Fault; live?: Fault; limit?: Fault };
  /** Whether the rate limiter lets messages through; undefined: there is no limiter. */
  allowed?: (key: string) => boolean;
  /** The same for images of which nothing is known; without it they are `allowed`. */
  allowedUnknown?: (key: string) => boolean;
  /** Default: a clock that `advance` moves. */
  now?: () => number;
  /** Takes the counted views; default: they are not counted. */
  views?: ViewSink;
  random?: () => number;
}

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const PRESETS = { card: "w=640&h=480&fit=cover&f=auto", thumb: "w=160&h=160&f=webp" };

/** Each test its own world: an edge over bindings in memory, driven by requests only. */
export function setup(options: Options = {}): World {
  const images = createFakeBucket();
  const originals = createFakeBucket();
  let time = NOW;
  const now = options.now ?? (() => time);
  const shared = {
    images,
    originals,
    cache: createFakeCache(now),
    sent: [],
    now,
    advance: (ms: number) => {
      time += ms;
    },
  };
  return createWorld(options, shared);
}

type Shared = Pick<World, "images" | "originals" | "cache" | "sent" | "advance"> & { now: () => number };

function createWorld(options: Options, shared: Shared): World {
  const { images, originals, cache, sent, now, advance } = shared;
  const config = testSite({ sources: SOURCES, presets: PRESETS, ...options.config });
  const logged: string[] = [];
  const background: Promise<unknown>[] = [];
  const faultyImages = withFault<FakeBucket>(images, options.faults?.images);
  const faultyCache = withFault(cache, options.faults?.cache);
  const limiter = (allowed = options.allowed) => {
    const limit = { limit: async ({ key }: { key: string }) => ({ success: allowed?.(key) ?? true }) };
    return allowed === undefined && options.faults?.limit === undefined
      ? null
      : withFault(limit, options.faults?.limit);
  };
  const edge: Edge = {
    config,
    keys: options.keys ?? [],
    cache: faultyCache,
    images: faultyImages,
    originals: (binding) => (binding === "ORIGINALS" ? originals : null),
    live: withFault({ send: async (message: MissMessage) => void sent.push(message) }, options.faults?.live),
    consumer: options.consumer ?? { miss: () => Promise.resolve(false) },
    limit: limiter(),
    unknownLimit: limiter(options.allowedUnknown),
    fetch: (input, init) => (options.fetch ?? notAsked)(String(input), init ?? {}),
    targetCache: createTargetCache(),
    recentMisses: createRecentMisses(faultyCache),
    infoMemory: new Map(),
    gate: createLiveGate(faultyImages),
    changes: createChangesReader({
      images: faultyImages,
      cache: faultyCache,
      clock: { now },
      heldMs: HELD_MS,
      log: (event) => void logged.push(event),
    }),
    views: options.views ?? null,
    clock: { now, random: options.random ?? (() => 0.5) },
    log: (event) => void logged.push(event),
  };
  const ask: World["ask"] = (method, path, headers = {}) =>
    route(new Request(ORIGIN + path, { method, headers }), edge, (work) => void background.push(work));
  return {
    config,
    edge,
    images,
    originals,
    cache,
    sent,
    logged,
    advance,
    know: (id, info) => images.store(infoKey(id), JSON.stringify({ ...PHOTO, ...info })),
    tell: (changes, before = 0) => {
      const entries = Object.entries(changes).map(([id, { gone = 0, replaced = 0, recropped = 0, removed = false }]) =>
        printChange(id, [gone, replaced, recropped, removed ? 1 : 0]),
      );
      images.store(CHANGES_KEY, printChanges({ before, seq: 0 }, entries));
    },
    ask,
    get: (path, headers) => ask("GET", path, headers),
    settle: async () => {
      while (background.length > 0) await Promise.all(background.splice(0));
    },
    otherIsolate: () => createWorld(options, shared),
  };
}

function notAsked(url: string): Promise<Response> {
  throw new Error(`nothing should be fetched, but ${url} is`);
}

/** What the consumer notes of an image with these variants, named as in their keys. */
export function noted(names: readonly string[]): Pick<StoredInfo, "stored" | "others"> {
  return withStored(
    { stored: {}, others: [] },
    names.map(parseVariantName).filter((one) => one !== null),
  );
}

/** The last `detail` of a Cache-Status header. */
export function detailOf(response: Response): string | undefined {
  return /detail=([a-z_-]+)/.exec(response.headers.get("Cache-Status") ?? "")?.[1];
}
