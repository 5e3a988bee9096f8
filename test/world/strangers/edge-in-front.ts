import { MISSES_PER_MINUTE } from "@prewarm/shared/limits";
import { createChangesReader, HELD_MS } from "../../../workers/edge/src/changes.ts";
import { createLiveGate } from "../../../workers/edge/src/miss/gate.ts";
import { createRecentMisses } from "../../../workers/edge/src/miss/recent-misses.ts";
import { createTargetCache } from "../../../workers/edge/src/request/target-cache.ts";
import type { Edge } from "../../../workers/edge/src/request-context.ts";
import { route } from "../../../workers/edge/src/route.ts";
import { createFakeBucket, createFakeCache } from "../../../workers/edge/src/testing/fakes.ts";
import type { World } from "../world.ts";

const MINUTE_MS = 60_000;

/** What is known of an original of the world's. */
export const INFO = JSON.stringify({
  width: 1000,
  height: 500,
  type: "image/jpeg",
  bytes: 50_000,
  frames: 1,
  etag: null,
  version: null,
  lqip: null,
  stored: {},
  others: [],
});

/** Cloudflare's limiter: so many a key in each minute, counted where the client is served. */
function limiter(now: () => number, most: number): NonNullable<Edge["limit"]> {
  const counted = new Map<string, number>();
  let minute = 0;
  return {
    async limit({ key }) {
      const present = Math.floor(now() / MINUTE_MS);
      if (present !== minute) counted.clear();
      minute = present;
      const n = (counted.get(key) ?? 0) + 1;
      counted.set(key, n);
      return { success: n <= most };
    },
  };
}

/**
 * The edge as it is deployed, in front of a world: its R2 is the world's, its messages go into the world's queue. `onRead`: told each read of
 * R2, which happens when it has ended.
 */
export function edgeInFront(world: World, config: Edge["config"], onRead: () => void = () => undefined) {
  const { clock } = world;
  const cache = createFakeCache(clock.now);
  /** The store as it stands, in the edge's words. */
  const images: Edge["images"] = {
    async get(key, options) {
      counts.reads += 1;
      onRead();
      const found = world.store.objects.get(key);
      if (found === undefined) return null;
      const copy = createFakeBucket();
      copy.store(key, found.bytes, new Date(found.uploaded), found.customMetadata);
      return copy.get(key, options);
    },
    async head(key) {
      counts.reads += 1;
      onRead();
      const found = world.store.objects.get(key);
      return found === undefined ? null : { size: found.bytes.byteLength };
    },
  };
  /** Misses that were sent to the queue or called in. */
  const messages = { sent: 0 };
  const counts = { requests: 0, reads: 0 };
  const edge: Edge = {
    config,
    keys: [],
    cache,
    images,
    originals: () => null,
    views: null,
    clock,
    live: {
      async send(message) {
        messages.sent += 1;
        world.live.send(message);
      },
    },
    // The edge waits for the answer in a time that stands still meanwhile, so the world sends the message where it must be sent.
    consumer: {
      async miss(message) {
        messages.sent += 1;
        world.call(message);
        return true;
      },
    },
    limit: limiter(clock.now, MISSES_PER_MINUTE.known),
    unknownLimit: limiter(clock.now, MISSES_PER_MINUTE.unknown),
    fetch: () => Promise.reject(new Error("nothing is fetched")),
    targetCache: createTargetCache(),
    recentMisses: createRecentMisses(cache),
    infoMemory: new Map(),
    gate: createLiveGate(images),
    changes: createChangesReader({ images, cache, clock, heldMs: HELD_MS, log: () => undefined }),
    log: () => undefined,
  };
  /** One request of a client; ends when all that it began has. */
  async function get(path: string, address: string): Promise<Response> {
    const background: Promise<unknown>[] = [];
    const request = new Request(`https://images.example.com${path}`, { headers: { "CF-Connecting-IP": address } });
    counts.requests += 1;
    const answer = await route(request, edge, (work) => void background.push(work));
    await Promise.all(background);
    return answer;
  }
  return { get, messages, counts };
}
