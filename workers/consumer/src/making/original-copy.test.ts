import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { sweepImage } from "../store/sweep-image.ts";
import { geotagged } from "../testing/geotagged.ts";
import { picture } from "../testing/pictures.ts";
import { batchWorld, ORIGINALS } from "./testing/batch-world.ts";

type World = ReturnType<typeof batchWorld>;
type Format = "avif" | "webp" | "jpeg" | "png";

const FORMATS = ["avif", "webp", "jpeg"] as const;
const SIZE = { width: 300, height: 150 };

const made = new Map<string, Promise<Buffer>>();

/** Noise, of which every encoder makes some kilobytes; `quality` says how many. Made once each. */
function noise(format: Format, quality: number, { width, height } = SIZE): Promise<Buffer> {
  const name = `${format} ${quality} ${width} ${height}`;
  const background = { r: 128, g: 128, b: 128 };
  const create = {
    width,
    height,
    channels: 3 as const,
    background,
    noise: { type: "gaussian" as const, mean: 128, sigma: 40 },
  };
  const fresh = made.get(name) ?? sharp({ create }).toFormat(format, { quality }).toBuffer();
  made.set(name, fresh);
  return fresh;
}

/** A world with this original, and results that have more bytes than it, unless told otherwise. */
async function world(
  original: Uint8Array,
  {
    etag = '"e1"' as string | null,
    quality = 95,
    ...options
  }: Parameters<typeof batchWorld>[0] & { etag?: string | null; quality?: number } = {},
) {
  const one = batchWorld(options);
  one.web.set(`${ORIGINALS}/photo`, () => new Response(original.slice(), { headers: etag === null ? {} : { etag } }));
  const { fetch } = one.deps;
  one.deps.fetch = (async (url: string, init: RequestInit) => {
    const job = one.ittybit.jobs.find(({ id }) => String(url).endsWith(`/${id}`));
    if (job === undefined) return fetch(url, init);
    const { format, width = SIZE.width, height = width / 2 } = job.order.options;
    return new Response(await one.clock.during(noise(format, quality, { width, height })));
  }) as typeof one.deps.fetch;
  return one;
}

async function make(one: World, name = "320-high", formats: readonly string[] = FORMATS): Promise<void> {
  for (const format of formats) one.ledger.add(`photo/${name}.${format}`);
  await one.shift();
  one.clock.advance(60_000);
}

const stored = ({ images }: World, format: Format, name = "320-high") =>
  images.objects.get(`variants/photo/${name}.${format}`);
const said = (one: World, format: Format, name?: string) => stored(one, format, name)?.customMetadata.smaller ?? "";

describe("an original that is smaller than its variants", () => {
  it("is read from its staged bytes, so that its origin sends it once for all its variants", async () => {
    const original = new Uint8Array(await noise("jpeg", 40));
    const one = await world(original, { stages: true });
    one.ledger.order({ keys: FORMATS.map((format) => `photo/320-high.${format}`) });
    await one.shift();
    expect(stored(one, "jpeg")?.bytes).toEqual(original);
    expect(one.fetched.filter(({ url }) => url.startsWith(ORIGINALS))).toHaveLength(1);
  });

  it("takes the place of the variant in its own format, as the very same bytes", async () => {
    const original = new Uint8Array(await noise("jpeg", 40));
    const one = await world(original);
    await make(one);
    const jpeg = stored(one, "jpeg");
    expect(jpeg?.bytes).toEqual(original);
    const { job, width, originalBytes, sourceEtag } = fromCustomMetadata(jpeg?.customMetadata) ?? {};
    expect({ job, width, originalBytes, sourceEtag }).toEqual({
      job: expect.stringContaining("job_"),
      width: 300,
      originalBytes: original.length,
      sourceEtag: '"e1"',
    });
    expect([said(one, "avif").split(" ")[0], said(one, "webp"), said(one, "jpeg")]).toEqual(["jpeg", "jpeg", ""]);
    expect(jpeg?.httpMetadata.contentType).toBe("image/jpeg");
  });

  it("is stored as PNG although that is not configured, and is not made again", async () => {
    const original = new Uint8Array(await picture("png", SIZE.width, SIZE.height));
    const one = await world(original);
    await make(one);
    expect(stored(one, "png")?.bytes).toEqual(original);
    for (const format of FORMATS) expect(said(one, format).split(" ")[0], format).toBe("png");
    const found = await sweepImage(
      one.deps.images as R2Bucket,
      { kind: "remake", id: "photo", fence: 1, pass: 1 },
      () => true,
    );
    expect(found.map(({ key }) => key)).not.toContain("photo/320-high.png");
    await sweepImage(
      one.deps.images as R2Bucket,
      { kind: "delete", id: "photo", fence: Number.MAX_SAFE_INTEGER, pass: 1 },
      () => true,
    );
    expect(one.images.objects.size).toBe(0);
  });

  it("is fetched once for all formats of one picture", async () => {
    const original = new Uint8Array(await picture("png", SIZE.width, SIZE.height));
    const one = await world(original);
    one.ittybit.plan = ({ options }) => ({ ms: { avif: 5_000, webp: 10_000, jpeg: 15_000, png: 0 }[options.format] });
    await make(one);
    const asked = one.fetched.filter(
      ({ url, headers }) => url === `${ORIGINALS}/photo` && headers.get("range") === `bytes=0-${original.length}`,
    );
    expect([asked.length, stored(one, "png")?.bytes.length]).toEqual([1, original.length]);
  });

  it("loses its metadata, and keeps its picture", async () => {
    const original = await geotagged("jpeg", SIZE.width, SIZE.height);
    const one = await world(original);
    await make(one);
    const jpeg = stored(one, "jpeg")?.bytes ?? new Uint8Array();
    expect(jpeg.length).toBeLessThan(original.length);
    expect((await sharp(jpeg).metadata()).exif).toBeUndefined();
    const [a, b] = await Promise.all([original, jpeg].map((bytes) => sharp(bytes).raw().toBuffer()));
    expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
  });

  it("takes the place of a copy of another original, whose generation counts no more", async () => {
    const one = await world(new Uint8Array(await picture("png", SIZE.width, SIZE.height)));
    await make(one);
    const stale = stored(one, "png");
    expect(stale?.customMetadata).toMatchObject({ job: "original", "source-etag": '"e1"' });
    const other = new Uint8Array(await picture("png", 200, 100));
    one.web.set(`${ORIGINALS}/photo`, () => new Response(other.slice(), { headers: { etag: '"e2"' } }));
    for (const format of FORMATS) one.images.objects.delete(`variants/photo/320-high.${format}`);
    await make(one);
    const copy = stored(one, "png");
    expect([copy?.bytes, copy?.customMetadata["source-etag"]]).toEqual([other, '"e2"']);
    expect(Number(copy?.customMetadata.gen)).toBeGreaterThan(Number(stale?.customMetadata.gen));
  });

  it("is put once, though the handler died before it was noted", async () => {
    const one = await world(new Uint8Array(await noise("jpeg", 40)));
    one.images.fails = (call) => call === "put info/photo/_";
    await make(one);
    one.images.fails = () => false;
    const puts = () => one.images.calls.filter((call) => call === "put variants/photo/320-high.jpeg").length;
    const before = puts();
    await make(one, "320-high", ["webp"]);
    expect([before, puts(), said(one, "webp")]).toEqual([2, 2, "jpeg"]);
  });

  it("takes the place of the full size, and of copies of the same picture", async () => {
    const original = new Uint8Array(await picture("png", SIZE.width, SIZE.height));
    const one = await world(original);
    await make(one);
    await make(one, "orig-high", ["webp"]);
    await make(one, "640-high", ["webp"]);
    expect([said(one, "webp", "orig-high"), said(one, "webp", "640-high")]).toEqual(["png", "png"]);
    expect(one.ittybit.jobs).toHaveLength(4);
  });
});

describe("an original does not take the place of its variants", () => {
  const small = () => picture("png", SIZE.width, SIZE.height);
  it.each<[string, () => Promise<World>, string]>([
    [
      "that are smaller than it",
      async () => world(new Uint8Array(await noise("png", 100)), { quality: 10 }),
      "320-high",
    ],
    ["that are narrower", async () => world(await small()), "160-high"],
    ["that are crops", async () => world(await small()), "320x320-cover-high"],
    ["where its server gives no etag", async () => world(await small(), { etag: null }), "320-high"],
    [
      "where viewers get a placeholder instead of it",
      async () => world(await small(), { config: { firstView: "placeholder" } }),
      "320-high",
    ],
    [
      "where it is turned by its Exif orientation",
      async () =>
        world(
          new Uint8Array(
            await sharp(await small())
              .withMetadata({ orientation: 3 })
              .png()
              .toBuffer(),
          ),
        ),
      "320-high",
    ],
  ])("%s", async (_, create, name) => {
    const one = await create();
    await make(one, name);
    expect([stored(one, "webp", name) !== undefined, stored(one, "png", name)]).toEqual([true, undefined]);
  });

  it("if its bucket hides it", async () => {
    const bytes = await small();
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
    const one = await world(bytes, { config: { sources } });
    const object = () => ({ size: bytes.length, httpEtag: '"e1"', body: new Response(bytes.slice()).body });
    one.deps.originals = {
      fetch: one.deps.fetch,
      bucket: () => ({ get: async () => object() }) as never,
      bucketOriginalUrl: async () => `${ORIGINALS}/photo`,
      stagedUrl: null,
    };
    await make(one);
    expect([stored(one, "webp") !== undefined, stored(one, "png")]).toEqual([true, undefined]);
  });

  it("if it has changed since it was read", async () => {
    const one = await world(await small());
    const { plan } = one.ittybit;
    one.ittybit.plan = (order) => {
      one.web.set(`${ORIGINALS}/photo`, async () => new Response(await small(), { headers: { etag: '"e2"' } }));
      return plan(order);
    };
    await make(one);
    expect([stored(one, "webp")?.customMetadata["source-etag"], stored(one, "png")]).toEqual(['"e1"', undefined]);
  });

  it("if it is purged before the put", async () => {
    const one = await world(new Uint8Array(await noise("jpeg", 40)));
    const { head } = one.deps.images;
    let heads = 0;
    one.deps.images.head = async (key) => {
      // One before the job; then the copy's.
      if (key.endsWith(".jpeg") && ++heads === 2) one.images.objects.delete(key);
      return head(key);
    };
    await make(one);
    expect([heads, stored(one, "jpeg")]).toEqual([2, undefined]);
  });

  it("in a format that is configured and not stored", async () => {
    const one = await world(new Uint8Array(await noise("jpeg", 40)));
    await make(one, "320-high", ["avif", "webp"]);
    expect(stored(one, "jpeg")).toBeUndefined();
  });
});
