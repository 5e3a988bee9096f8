import { GONE_WITHIN_MS } from "@prewarm/shared/limits";
import { signOriginal } from "@prewarm/shared/signature";
import { infoKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { HELD_MS } from "./changes.ts";
import { BYTES, NOW, setup, type World } from "./testing/setup.ts";

const PATH = "/images/photo?w=800";
const CROP = "/images/photo?w=640&h=480&fit=cover";
/** How long an edge may go without the last changes: 15 s in the data centre's cache and 15 s in an isolate. */
const KNOWN_WITHIN_MS = 2 * HELD_MS;
const HIDDEN = { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] };

it("an edge knows of a purge before Prewarm says that the old bytes are gone", () => {
  expect(KNOWN_WITHIN_MS).toBeLessThan(GONE_WITHIN_MS);
});

/** A variant of a generation, in R2. */
function store(world: World, gen: number, bytes = BYTES, key = "photo/800-high.webp"): void {
  world.images.store(`variants/${key}`, bytes, undefined, { gen: String(gen) });
}

/** How a view is answered: `hit` from the cache, `store` from R2, else the status. */
async function view(world: World, path = PATH): Promise<string> {
  const response = await world.get(path);
  await response.arrayBuffer();
  await world.settle();
  const status = response.headers.get("Cache-Status") ?? "";
  return status === "edge; hit" ? "hit" : status.endsWith("store; hit") ? "store" : String(response.status);
}

/** A world in which an image of generation 5 was viewed, so that the data centre has a copy. */
async function viewed(path = PATH, key?: string): Promise<World> {
  const world = setup();
  store(world, 5, BYTES, key);
  expect([await view(world, path), await view(world, path)]).toEqual(["store", "hit"]);
  return world;
}

describe("a copy and an object are shown", () => {
  it.each([
    ["of a purged image: neither", { gone: 6 }, ["302", "302"]],
    ["of an image that was purged before they were made: both", { gone: 5, replaced: 5 }, ["hit", "hit"]],
    ["of a replaced image: the object, and its copy for 20 s", { replaced: 6 }, ["store", "hit"]],
    ["of a purged image that was replaced later: neither", { gone: 6, replaced: 7 }, ["302", "302"]],
    ["of a new focal point, where no crop follows it: both", { recropped: 6 }, ["hit", "hit"]],
  ])("%s", async (_, change, answers) => {
    const world = await viewed();
    world.tell({ photo: change, other: { gone: 9 } });
    world.advance(KNOWN_WITHIN_MS);
    expect([await view(world), await view(world)]).toEqual(answers);
    world.advance(20_000);
    expect(await view(world)).toBe(answers[0]);
  });

  it("of a crop that follows a new focal point: the object, and its copy for 20 s", async () => {
    const world = await viewed(CROP, "photo/640x480-cover-high.webp");
    world.tell({ photo: { recropped: 6 } });
    world.advance(KNOWN_WITHIN_MS);
    expect([await view(world, CROP), await view(world, CROP)]).toEqual(["store", "hit"]);
    world.advance(20_000);
    expect(await view(world, CROP)).toBe("store");
  });

  it("of any image, where the ledger may have forgotten changes: the object, and its copy for 20 s", async () => {
    const world = await viewed();
    world.tell({}, 6);
    world.advance(KNOWN_WITHIN_MS);
    expect([await view(world), await view(world)]).toEqual(["store", "hit"]);
  });

  it("the newer one from its first view on, and its copy for long", async () => {
    const world = await viewed();
    world.tell({ photo: { gone: 6, replaced: 6 } });
    store(world, 6);
    world.advance(KNOWN_WITHIN_MS);
    expect([await view(world), await view(world)]).toEqual(["store", "hit"]);
    world.advance(86_400_000);
    expect(await view(world)).toBe("hit");
  });

  it("not the smaller format, where that one is older than a purge", async () => {
    const world = setup();
    const put = (format: string, gen: number, bytes: Uint8Array, smaller = {}) =>
      world.images.store(`variants/photo/800-high.${format}`, bytes, undefined, {
        gen: String(gen),
        "source-etag": "a",
        ...smaller,
      });
    put("avif", 6, BYTES, { smaller: "webp" });
    put("webp", 5, BYTES.slice(0, 4));
    world.tell({ photo: { gone: 6 } });
    const response = await world.get("/images/photo?w=800&f=auto", { Accept: "image/avif,image/webp" });
    expect(response.headers.get("Content-Type")).toBe("image/avif");
  });
});

describe("a removed image", () => {
  it("is answered 410 from the mark, without a read of its own", async () => {
    const world = await viewed();
    world.tell({ photo: { gone: 6, removed: true } });
    world.advance(KNOWN_WITHIN_MS);
    const before = world.images.reads.length;
    expect([await view(world), world.images.reads.length]).toEqual(["410", before]);
  });

  it.each(["/images/logo.svg?w=800", "/images/anna.gif?w=800", "/images/icon.ico?w=800"])(
    "that is shown as it is is answered 410, with its mark and when only its note is left: %s",
    async (path) => {
      const id = path.slice("/images/".length, path.indexOf("?"));
      const world = setup();
      expect(await view(world, path)).toBe("302");
      world.tell({ [id]: { removed: true } });
      world.advance(KNOWN_WITHIN_MS);
      expect(await view(world, path)).toBe("410");
      world.tell({});
      world.images.store(infoKey(id), "{}", undefined, { removed: "1" });
      world.advance(KNOWN_WITHIN_MS);
      expect(await view(world, path)).toBe("410");
    },
  );

  it.each(["photo", "films/anna.mp4"])("is answered 410 in each of its versions: %s", async (id) => {
    const world = setup();
    world.tell({ [id]: { removed: true } });
    for (const query of ["w=800", "w=800&v=2", "w=800&f=auto&v=a", "p=card", "w=801&f=webp"])
      expect([query, await view(world, `/images/${id}?${query}`)]).toEqual([query, "410"]);
  });

  it("has no original under a signed URL, before it is deleted", async () => {
    const world = setup({ config: HIDDEN, keys: ["key"] });
    world.originals.store("photo.jpg", BYTES);
    const path = await signOriginal("photo.jpg", "key", world.config, NOW / 1000);
    expect((await world.get(path)).status).toBe(200);
    world.tell({ "photo.jpg": { removed: true } });
    world.advance(KNOWN_WITHIN_MS);
    expect((await world.get(path)).status).toBe(410);
  });

  it("is told from one that never was to nobody who may not know of either", async () => {
    const world = setup({ config: HIDDEN });
    world.tell({ "photo.jpg": { removed: true } });
    const answers = ["photo.jpg", "never.jpg"].map((id) => world.get(`/images/${id}?w=800&f=webp`));
    const [gone, never] = await Promise.all(answers);
    expect([gone?.status, gone?.headers.get("Cache-Status")]).toEqual([
      never?.status,
      never?.headers.get("Cache-Status"),
    ]);
    expect(await gone?.text()).toBe(await never?.text());
  });

  it("tells nobody what was known of it, before its note is deleted", async () => {
    const world = setup();
    world.know("photo");
    world.tell({ photo: { removed: true } });
    expect((await world.get("/info/photo")).status).toBe(404);
    world.tell({ photo: { gone: 6 } });
    world.advance(KNOWN_WITHIN_MS);
    expect((await world.get("/info/photo")).status).toBe(404);
  });

  it("that was allowed again is asked for, before the note of its removal is deleted", async () => {
    const world = setup();
    world.images.store(infoKey("photo"), "{}", undefined, { removed: "1" });
    world.tell({ photo: { gone: 6 } });
    expect(await view(world)).toBe("302");
    expect(world.sent).toHaveLength(1);
  });
});

describe("the changes", () => {
  /** Whether the data centre's isolates know of a purge. */
  const knows = async (world: World) => (await view(world)) !== "hit";

  it("reach each isolate within 30 s, however busy or idle it is", async () => {
    const busy = await viewed();
    const other = busy.otherIsolate();
    await view(other);
    busy.advance(14_000);
    await view(other);
    busy.tell({ photo: { gone: 6 } });
    let waited = 0;
    for (; waited < KNOWN_WITHIN_MS && !((await knows(busy)) && (await knows(other))); waited += 1_000)
      busy.advance(1_000);
    expect(waited).toBeLessThan(KNOWN_WITHIN_MS);
    expect(await knows(busy.otherIsolate())).toBe(true);
  });

  it("are read from R2 about twice in 30 s by a data centre, whatever it has to answer", async () => {
    const world = await viewed();
    const isolates = [world, world.otherIsolate(), world.otherIsolate()];
    const { get } = world.images;
    const { match } = world.cache;
    let [reads, looks] = [0, 0];
    world.images.get = (key, options) => {
      if (key.startsWith("control/")) reads += 1;
      return get(key, options);
    };
    world.cache.match = (url) => {
      if (url.endsWith("/.changes")) looks += 1;
      return match(url);
    };
    for (let second = 0; second < 300; second += 1) {
      for (const isolate of isolates) await view(isolate);
      world.advance(1_000);
    }
    expect(reads).toBeGreaterThanOrEqual(10);
    expect(reads).toBeLessThanOrEqual(22);
    // Each of the three looks into the cache every 10 s.
    expect(looks).toBeLessThanOrEqual(93);
  });

  it("that R2 does not give leave in view what the edge has, and the log says so", async () => {
    const world = await viewed();
    world.images.store("control/changes.json", "not json");
    world.advance(KNOWN_WITHIN_MS);
    expect(await view(world)).toBe("hit");
    expect(world.logged).toContain("edge.degraded");
    world.tell({ photo: { gone: 6 } });
    world.advance(5_000);
    expect(await view(world)).toBe("302");
  });

  it("that a new isolate cannot read make it trust no copy, and give browsers no year", async () => {
    const world = await viewed();
    world.tell({ photo: { gone: 6, removed: true } });
    const { get } = world.images;
    // A sweep has deleted it.
    world.images.get = (key, options) => (key.startsWith("variants/") ? Promise.resolve(null) : get(key, options));
    world.advance(KNOWN_WITHIN_MS);
    world.images.store("control/changes.json", "not json");
    const removed = world.otherIsolate();
    expect(await view(removed)).toBe("302");
    world.images.get = get;
    const shown = await world.otherIsolate().get(PATH);
    expect([shown.status, shown.headers.get("Cache-Control")]).toEqual([200, "public, max-age=20, immutable"]);
  });

  it("that R2 has lost are not taken back by an isolate that knew them", async () => {
    const world = await viewed();
    world.tell({ photo: { gone: 6 } });
    world.advance(KNOWN_WITHIN_MS);
    expect(await view(world)).toBe("302");
    world.images.objects.delete("control/changes.json");
    world.advance(KNOWN_WITHIN_MS);
    expect(await view(world)).toBe("302");
  });

  it("that R2 gives too late count from the next view on", async () => {
    const world = await viewed();
    world.tell({ photo: { gone: 6 } });
    const get = world.images.get;
    const late = Promise.withResolvers<void>();
    world.images.get = async (key, options) => {
      if (key.startsWith("control/")) await late.promise;
      return get(key, options);
    };
    world.advance(KNOWN_WITHIN_MS);
    expect((await world.get(PATH)).headers.get("Cache-Status")).toBe("edge; hit");
    late.resolve();
    await world.settle();
    expect(await view(world)).toBe("302");
  });
});
