import { CHANGES_KEY } from "@prewarm/shared/changes";
import type { Config } from "@prewarm/shared/config";
import { genOf } from "@prewarm/shared/variant-metadata";
import type { EdgeCache, ObjectStore, StoredObject } from "../../../workers/edge/src/bindings.ts";
import { createChangesReader, HELD_MS } from "../../../workers/edge/src/changes.ts";
import { createLiveGate } from "../../../workers/edge/src/miss/gate.ts";
import { createRecentMisses } from "../../../workers/edge/src/miss/recent-misses.ts";
import { createTargetCache } from "../../../workers/edge/src/request/target-cache.ts";
import type { Edge } from "../../../workers/edge/src/request-context.ts";
import { route } from "../../../workers/edge/src/route.ts";
import { createFakeCache } from "../../../workers/edge/src/testing/fakes.ts";
import type { Chance } from "../chance.ts";
import type { World } from "../world.ts";

const ORIGIN = "https://images.example.com";
/** What began before an answer may go on for so long after it (`waitUntil`). */
const FILL_MS = 30_000;
/** The longest read of R2. */
const READ_MS = 5_000;
/** While the changes cannot be read, an edge shows what it has; it tries again after 5 s. */
const UNREAD_MS = 6_000;
/** Its clock is wrong by up to this. */
const SKEW_MS = 3_600_000;

/** How a view was answered. */
export interface Answer {
  status: number;
  /** The URL of the shown variant: of another one, if that stands in. */
  shown: string;
  /** The generation of the shown variant. Null: none was shown. */
  gen: number | null;
  /** The isolate could not read the changes. */
  isUnread: boolean;
}

/** A data centre: one cache, some isolates with the production edge in each, and a clock of its own. */
export class DataCentre {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #isolates: { edge: Edge; unreadAt: number }[];

  constructor(world: World, config: Config, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
    const skew = Math.round(chance.between(-SKEW_MS, SKEW_MS));
    const now = () => world.clock.now() + skew;
    const cache = this.#slow(createFakeCache(world.clock.now));
    this.#isolates = [0, 1].map(() => this.#isolate(config, now, cache));
  }

  async view(path: string): Promise<Answer> {
    const isolate = this.#isolates[this.#chance.hits(0.5) ? 0 : 1];
    if (isolate === undefined) throw new Error("no isolate");
    const begun = this.#world.clock.now();
    const background = (work: Promise<unknown>) => void work.catch(() => undefined);
    const response = await route(new Request(ORIGIN + path), isolate.edge, background);
    await response.arrayBuffer();
    const gen = response.headers.get("ETag")?.replaceAll('"', "") ?? null;
    // A view that begins while they cannot be read may end much later.
    const isUnread = isolate.unreadAt > begun - UNREAD_MS;
    const shown = response.headers.get("Content-Location") ?? path;
    return { status: response.status, shown, gen: gen === null ? null : Number(gen), isUnread };
  }

  #isolate(config: Config, now: () => number, cache: EdgeCache): { edge: Edge; unreadAt: number } {
    const images = this.#store();
    const clock = { now, random: () => this.#chance.random() };
    const isolate = { unreadAt: Number.NEGATIVE_INFINITY };
    const log = (_: string, { step }: Record<string, unknown>) => {
      if (step === "changes") isolate.unreadAt = this.#world.clock.now();
    };
    const edge: Edge = {
      config,
      keys: [],
      cache,
      images,
      originals: () => null,
      views: null,
      clock,
      limit: null,
      unknownLimit: null,
      live: { send: async (message) => this.#world.live.send(message) },
      consumer: {
        miss: async (message) => {
          this.#world.call(message);
          return true;
        },
      },
      fetch: () => Promise.reject(new Error("nothing is fetched")),
      targetCache: createTargetCache(),
      recentMisses: createRecentMisses(cache),
      infoMemory: new Map(),
      gate: createLiveGate(images),
      changes: createChangesReader({ images, cache, clock, heldMs: HELD_MS, log }),
      log: () => undefined,
    };
    return Object.assign(isolate, { edge });
  }

  /** A copy enters some time after the answer. */
  #slow(cache: EdgeCache): EdgeCache {
    const { clock } = this.#world;
    return {
      ...cache,
      put: async (url, response) => {
        await response.clone().arrayBuffer();
        await clock.sleep(url.endsWith("/.changes") ? 50 : this.#chance.between(0, FILL_MS));
        await cache.put(url, response);
      },
    };
  }

  /** R2 as it is when it reads; the answer comes later, and sometimes none comes. An object's tag is its generation. */
  #store(): ObjectStore {
    const { clock, store } = this.#world;
    const read = async (key: string): Promise<StoredObject | null> => {
      const isLate = key !== CHANGES_KEY && this.#chance.hits(0.05);
      const ms = isLate ? this.#chance.between(500, READ_MS) : this.#chance.between(5, 200);
      await clock.sleep(ms * this.#chance.random());
      const found = store.objects.get(key);
      await clock.sleep(ms);
      if (this.#chance.hits(0.02)) throw new Error("R2: internal error (world)");
      if (found === undefined) return null;
      const { bytes, uploaded, customMetadata, httpMetadata } = found;
      const whole = () => new Response(bytes.slice());
      return {
        size: bytes.byteLength,
        uploaded: new Date(uploaded),
        customMetadata,
        httpMetadata,
        httpEtag: `"${genOf(customMetadata)}"`,
        body: whole().body as ReadableStream<Uint8Array>,
        text: () => whole().text(),
        arrayBuffer: () => whole().arrayBuffer(),
      };
    };
    return { get: read, head: read };
  }
}
