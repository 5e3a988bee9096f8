import { negotiate } from "@prewarm/shared/accept";
import { FORMATS, type Format } from "@prewarm/shared/config";
import { FORMAT_ROWS } from "@prewarm/shared/mime";
import { smallerFormats } from "@prewarm/shared/smallest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { etagOf, withFault } from "../testing/fakes.ts";
import { noted, setup, type World } from "../testing/setup.ts";

const CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
const ORDER: Format[] = ["avif", "webp", "jpeg", "png"];
const AUTO = "/images/photo?w=800&f=auto";
type Sizes = Partial<Record<Format, number>>;

/** As many bytes, which tell the format. */
function bytesOf(format: Format, size: number): Uint8Array {
  return new Uint8Array(size).fill(FORMATS.indexOf(format) + 1);
}

function store(world: World, format: Format, size: number, metadata: Record<string, string> = {}, name = "800-high") {
  const all = { "source-etag": '"e1"', ...metadata };
  world.images.store(`variants/photo/${name}.${format}`, bytesOf(format, size), undefined, all);
}

/** These variants of one picture, each with what the consumer lets it say. */
function holding(sizes: Sizes): World {
  const world = setup({ config: { formats: FORMATS } });
  const stored = new Map(Object.entries(sizes) as [Format, number][]);
  for (const [format, smaller] of smallerFormats(stored, ORDER))
    store(world, format, sizes[format] ?? 0, smaller.length === 0 ? {} : { smaller: smaller.join(" ") });
  return world;
}

async function shown(world: World, path = AUTO, accept = CHROME, headers: Record<string, string> = {}) {
  const before = world.images.reads.length;
  const response = await world.get(path, { Accept: accept, ...headers });
  const bytes = new Uint8Array(await response.arrayBuffer());
  await world.settle();
  const format = FORMATS.find((each) => FORMAT_ROWS[each].type === response.headers.get("Content-Type"));
  return { response, format, bytes, reads: world.images.reads.slice(before).length };
}

describe("f=auto", () => {
  it("serves the smaller format that the object names, as the target's own answer", async () => {
    const world = holding({ avif: 30, webp: 20, jpeg: 25 });
    const first = await shown(world);
    expect([first.format, first.bytes, first.reads]).toEqual(["webp", bytesOf("webp", 20), 2]);
    expect(Object.fromEntries(first.response.headers)).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "cache-status": "edge; fwd=uri-miss, store; hit",
      etag: etagOf(bytesOf("webp", 20)),
      vary: "Accept",
    });
    const second = await shown(world);
    expect([second.format, second.bytes, second.reads]).toEqual(["webp", bytesOf("webp", 20), 0]);
    expect(second.response.headers.get("Cache-Status")).toBe("edge; hit");
  });

  it("reads one object where the first format is the smallest", async () => {
    const { format, reads } = await shown(holding({ avif: 10, webp: 20, jpeg: 30 }));
    expect([format, reads]).toEqual(["avif", 1]);
  });

  it("tells the PNG of a transparent original that is stored as its JPEG, from R2 and from the cache", async () => {
    const world = holding({ avif: 30 });
    store(world, "avif", 30, { smaller: "jpeg" });
    const object = { bytes: bytesOf("png", 20), uploaded: new Date(0), contentType: "image/png" };
    world.images.objects.set("variants/photo/800-high.jpeg", { ...object, customMetadata: { "source-etag": '"e1"' } });
    expect([(await shown(world)).format, (await shown(world)).format]).toEqual(["png", "png"]);
    expect((await shown(world)).reads).toBe(0);
  });

  it("changes nothing for a format that the URL names, whatever earlier requests asked for", async () => {
    const world = holding({ avif: 30, webp: 20 });
    for (const asked of ["auto", "avif", "webp", "avif", "auto"] as const) {
      const { format } = await shown(world, `/images/photo?w=800&f=${asked}`);
      expect(format).toBe(asked === "auto" ? "webp" : asked);
    }
    world.images.objects.clear();
    for (const asked of ["auto", "avif", "webp"] as const)
      expect((await shown(world, `/images/photo?w=800&f=${asked}`)).format).toBe(asked === "auto" ? "webp" : asked);
  });

  it("serves no format that the client refuses, and keeps its answer from others", async () => {
    const world = holding({ avif: 30, webp: 10, jpeg: 20 });
    const picky = "image/avif,image/webp;q=0,*/*";
    for (const [accept, format] of [
      [CHROME, "webp"],
      [picky, "jpeg"],
      ["image/avif,*/*;q=0", "avif"],
      [CHROME, "webp"],
      [picky, "jpeg"],
    ] as const)
      expect((await shown(world, AUTO, accept)).format).toBe(format);
  });

  it.each<[string, (world: World) => void]>([
    ["is gone", ({ images }) => images.objects.delete("variants/photo/800-high.webp")],
    ["has grown", (world) => store(world, "webp", 30)],
    ["is made from another original", (world) => store(world, "webp", 20, { "source-etag": '"e0"' })],
    ["was put there by hand", ({ images }) => images.store("variants/photo/800-high.webp", bytesOf("webp", 20))],
  ])("serves the object in hand if the smaller one %s", async (_, change) => {
    const world = holding({ avif: 30, webp: 20 });
    change(world);
    const { format, bytes, reads } = await shown(world);
    expect([format, bytes, reads]).toEqual(["avif", bytesOf("avif", 30), 2]);
    expect((await shown(world)).reads).toBe(0);
  });

  it("follows no object that names a format without the etag of the original", async () => {
    const world = setup();
    world.images.store("variants/photo/800-high.avif", bytesOf("avif", 30), undefined, { smaller: "webp" });
    world.images.store("variants/photo/800-high.webp", bytesOf("webp", 20));
    expect((await shown(world)).format).toBe("avif");
  });

  it.each(["throws", "rejects", "hangs"] as const)(
    "serves the object in hand where the second read %s, and does not keep it",
    async (fault) => {
      const world = holding({ avif: 30, webp: 20 });
      const { images } = world.edge;
      const broken = withFault(images, fault);
      world.edge.images = { ...images, get: (key) => (key.endsWith(".webp") ? broken : images).get(key) };
      expect((await shown(world)).format).toBe("avif");
      world.edge.images = images;
      expect((await shown(world)).format).toBe("webp");
    },
  );

  it("answers conditions, ranges and HEAD by what it serves", async () => {
    for (const place of ["R2", "cache"]) {
      const world = holding({ avif: 30, webp: 20 });
      if (place === "cache") await shown(world);
      const etag = etagOf(bytesOf("webp", 20));
      expect((await shown(world, AUTO, CHROME, { "If-None-Match": etag })).response.status).toBe(304);
      const part = await shown(world, AUTO, CHROME, { Range: "bytes=15-29" });
      expect([part.response.headers.get("Content-Range"), part.bytes]).toEqual(["bytes 15-19/20", bytesOf("webp", 5)]);
      const head = await world.ask("HEAD", AUTO, { Accept: CHROME });
      expect([head.headers.get("Content-Type"), head.headers.get("Content-Length")]).toEqual(["image/webp", "20"]);
    }
  });

  it("names the format that a stand-in has", async () => {
    const world = holding({});
    store(world, "avif", 30, { smaller: "webp" }, "640-high");
    store(world, "webp", 20, {}, "640-high");
    world.know("photo", noted(["640-high.avif", "640-high.webp"]));
    const { response, format } = await shown(world);
    expect([format, response.headers.get("Content-Location")]).toEqual(["webp", "/images/photo?w=640&q=high&f=webp"]);
  });

  it("reads the smaller one also for another width with the same picture", async () => {
    const world = holding({});
    store(world, "avif", 30, { smaller: "webp" }, "828-high");
    store(world, "webp", 20, {}, "828-high");
    world.know("photo", { width: 700, height: 500, ...noted(["828-high.avif", "828-high.webp"]) });
    const path = "/images/photo?w=1920&f=auto";
    expect([(await shown(world, path)).format, (await shown(world, path)).reads]).toEqual(["webp", 0]);
  });

  it("serves the smallest stored format that the client accepts, wherever its first format is stored", async () => {
    const ACCEPTS = [
      CHROME,
      "image/webp,*/*",
      "*/*",
      "image/avif",
      "image/avif,image/webp;q=0,*/*",
      "image/webp,image/avif,image/*;q=0.8",
      "image/avif,image/jpeg;q=0,image/png",
      "",
    ];
    const size = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
    const sets = fc.record({ avif: size, webp: size, jpeg: size, png: size });
    await fc.assert(
      fc.asyncProperty(
        sets,
        fc.array(fc.constantFrom(...ACCEPTS), { minLength: 1, maxLength: 4 }),
        async (all, accepts) => {
          const sizes = Object.fromEntries(Object.entries(all).filter(([, bytes]) => bytes !== undefined)) as Sizes;
          const world = holding(sizes);
          for (const accept of accepts) {
            const [first, ...others] = negotiate(accept, world.config);
            if (sizes[first] === undefined) continue;
            const accepted = [first, ...others].flatMap((format) => sizes[format] ?? []);
            expect((await shown(world, AUTO, accept)).bytes).toHaveLength(Math.min(...accepted));
          }
        },
      ),
    );
  });
});
