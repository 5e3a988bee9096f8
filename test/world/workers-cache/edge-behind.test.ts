import { type CachePurge, imageTag } from "@prewarm/shared/edge-cache";
import { sign } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { cachingOf } from "../../../dev/limits/caching.ts";
import { cachingFault } from "../../../dev/limits/caching-fault.ts";
import { route } from "../../../workers/edge/src/route.ts";
import { answerOf, EVERY_ANSWER } from "../../../workers/edge/src/testing/every-answer.ts";
import { BYTES, NOW, noted, type Options, ORIGIN, setup } from "../../../workers/edge/src/testing/setup.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { ModelledWorkersCache } from "./modelled-workers-cache.ts";
import { PurgeAccount } from "./purge-account.ts";

const SECOND = 1_000;
const DAY_S = 86_400;
const PHOTO = "/images/photo?w=800";
const STORED = "variants/photo/800-high.webp";

/** The production edge over bindings in memory, behind a Workers Cache. */
function behind({ config = {}, ...options }: Options = {}) {
  const clock = new VirtualClock(NOW, () => 0.5);
  const world = setup({ ...options, now: clock.now, config: { edgeCache: "workers", ...config } });
  const account = new PurgeAccount(clock.now);
  let version = "1";
  let broken = false;
  const background: Promise<unknown>[] = [];
  const cache: ModelledWorkersCache = new ModelledWorkersCache({
    ...{ clock, account, centres: ["north", "south"], crossVersion: true, version: () => version },
    // A signature is verified by threads that know nothing of this time.
    run: (request) =>
      clock.holding(async () => {
        if (broken) throw new Error("the Worker is broken");
        return route(request, world.edge, (work) => void background.push(work), cache.context);
      }),
  });
  async function ask(path: string, { centre = "north", ...init }: RequestInit & { centre?: string } = {}) {
    const response = await clock.until(cache.fetch(new Request(ORIGIN + path, init), centre));
    await clock.until(Promise.all(background));
    return response;
  }
  const how = async (path: string, init: RequestInit & { centre?: string } = {}) =>
    (await ask(path, init)).headers.get("Cf-Cache-Status");
  const breaks = (isBroken = true) => {
    broken = isBroken;
  };
  const deploy = () => {
    version += "+";
  };
  return { ...world, clock, account, cache, ask, how, breaks, deploy };
}

describe("of every answer of the edge", () => {
  const NAMES = Object.keys(EVERY_ANSWER);

  it.each(NAMES)("nothing is wrong with how caches may keep it: %s", async (name) => {
    const { method = "GET", path = PHOTO } = EVERY_ANSWER[name]!;
    for (const edgeCache of ["colo", "workers"] as const) {
      const answer = await answerOf(name, { edgeCache });
      expect(cachingFault({ method, url: ORIGIN + path }, answer, NOW / SECOND), edgeCache).toBeNull();
    }
  });

  it("the cache keeps a few, all of them variants", async () => {
    const kept = [];
    for (const name of NAMES) {
      const answer = await answerOf(name, { edgeCache: "workers" });
      if (typeof cachingOf(answer) !== "string") kept.push(answer.headers.get("Content-Type"));
    }
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.filter((type) => !type?.startsWith("image/"))).toEqual([]);
  });
});

describe("a variant", () => {
  it("is asked of the edge once in 30 days, for all data centres, deploys and viewers", async () => {
    const world = behind();
    world.images.store(STORED, BYTES);
    expect(await world.how(PHOTO)).toBe("MISS");
    world.deploy();
    for (const centre of ["north", "south"]) expect(await world.how(PHOTO, { centre })).toBe("HIT");
    await world.clock.run((30 * DAY_S - 1) * SECOND);
    expect([await world.how(PHOTO), world.cache.runs]).toEqual(["HIT", 1]);
    await world.clock.run(2 * SECOND);
    expect(await world.how(PHOTO)).toBe("REVALIDATED");
  });

  it("is told to browsers as it is without the cache", async () => {
    const world = behind();
    world.images.store(STORED, BYTES);
    for (let n = 0; n < 2; n += 1) {
      const { headers } = await world.ask(PHOTO);
      expect(headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
      expect([headers.get("Cache-Tag"), headers.get("Cloudflare-CDN-Cache-Control")]).toEqual([null, null]);
    }
  });

  it("is not made old by what comes in its stead while it is made: a redirect, a stand-in, an error", async () => {
    const world = behind();
    expect((await world.ask(PHOTO)).status).toBe(302);
    world.know("photo", noted(["640-high.webp"]));
    world.images.store("variants/photo/640-high.webp", BYTES.slice(3));
    await world.clock.run(2 * SECOND);
    expect((await world.ask(PHOTO)).status).toBe(200);
    expect((await world.ask("/images/photo?w=bad")).status).toBe(400);
    expect(world.cache.copies()).toEqual([]);
    world.images.store(STORED, BYTES);
    expect(new Uint8Array(await (await world.ask(PHOTO)).arrayBuffer())).toEqual(BYTES);
  });

  it("of one image has as many copies as there are spellings of Accept, and one tag for all of them", async () => {
    const world = behind();
    world.images.store("variants/photo/800-high.webp", BYTES);
    for (const accept of ["image/webp", "image/webp,*/*", "image/webp"])
      await world.ask(`${PHOTO}&f=auto`, { headers: { accept } });
    expect(world.cache.runs).toBe(2);
    await world.cache.context.purge({ tags: [imageTag("photo")] });
    await world.clock.run(SECOND);
    expect(world.cache.copies()).toEqual([]);
  });

  it("is cut into parts by the cache, and its tag is compared there", async () => {
    const world = behind();
    world.images.store(STORED, BYTES);
    const part = await world.ask(PHOTO, { headers: { range: "bytes=3-6" } });
    expect([part.status, new Uint8Array(await part.arrayBuffer())]).toEqual([206, BYTES.slice(3, 7)]);
    const etag = (await world.ask(PHOTO)).headers.get("ETag")!;
    expect((await world.ask(PHOTO, { headers: { "if-none-match": etag } })).status).toBe(304);
    expect(world.cache.runs).toBe(1);
  });

  it("that was replaced and invalidated is read once more; one that was not costs a 304", async () => {
    const world = behind();
    world.images.store(STORED, BYTES);
    await world.ask(PHOTO);
    for (const [bytes, how] of [
      [BYTES, "REVALIDATED"],
      [BYTES.slice(4), "EXPIRED"],
    ] as const) {
      world.images.store(STORED, bytes);
      await world.cache.context.invalidate({ tags: [imageTag("photo")] });
      await world.clock.run(SECOND);
      const answer = await world.ask(PHOTO);
      expect([answer.headers.get("Cf-Cache-Status"), new Uint8Array(await answer.arrayBuffer())]).toEqual([how, bytes]);
    }
  });

  it("whose copy was invalidated is never shown in place of an error", async () => {
    const world = behind();
    world.images.store(STORED, BYTES);
    await world.ask(PHOTO);
    world.breaks();
    expect((await world.ask(PHOTO)).status).toBe(200);
    await world.cache.context.invalidate({ tags: [imageTag("photo")] });
    await world.clock.run(SECOND);
    expect((await world.ask(PHOTO)).status).toBe(500);
  });

  it("that was signed is shown until its signature ends, to the second, and by no error later", async () => {
    const keys = ["key"];
    const world = behind({ keys });
    world.images.store(STORED, BYTES);
    const query = `exp=${NOW / SECOND + 90}&w=800`;
    const signed = `/images/photo?${query}&s=${await sign("/images/photo", query, "key", world.config)}`;
    expect(await world.how(signed)).toBe("MISS");
    await world.clock.run(89 * SECOND);
    expect(await world.how(signed)).toBe("HIT");
    await world.clock.run(SECOND);
    expect((await world.ask(signed)).status).toBe(403);
    world.breaks();
    expect((await world.ask(signed)).status).toBe(500);
  });

  it("is ordered by HEAD, which arrives as GET where the cache is cold (docs/http.md)", async () => {
    const world = behind();
    expect((await world.ask(PHOTO, { method: "HEAD" })).status).toBe(302);
    expect(world.sent).toHaveLength(1);
  });
});

describe("a poke", () => {
  /** A consumer that has these calls to hand out. */
  function handing(calls: CachePurge[]) {
    const noted: unknown[] = [];
    const consumer = {
      miss: async () => true,
      takeCachePurge: async () => calls.shift() ?? null,
      noteCachePurge: async (...note: unknown[]) => void noted.push(note),
    };
    return { consumer, noted };
  }
  const call = (number: number): CachePurge => ({ number, kind: "purge", tags: [imageTag("photo")] });

  it("has the edge purge its own cache, and tell what the platform has answered", async () => {
    const { consumer, noted: told } = handing([call(1), { number: 2, kind: "invalidate", tags: "everything" }]);
    const world = behind({ consumer });
    world.images.store(STORED, BYTES);
    await world.ask(PHOTO);
    expect((await world.ask("/images/", { method: "POST" })).status).toBe(204);
    await world.clock.run(SECOND);
    expect([told, await world.how(PHOTO)]).toEqual([
      [
        [1, null],
        [2, null],
      ],
      "MISS",
    ]);
  });

  it("tells that the platform has refused, so that the call is made again", async () => {
    const { consumer, noted: told } = handing([call(1)]);
    const world = behind({ consumer });
    for (let n = 0; n < 25; n += 1) world.account.take({});
    await world.ask("/images/", { method: "POST" });
    expect(told).toEqual([[1, expect.stringContaining("rate limit")]]);
  });
});
