import { readFileSync } from "node:fs";
import { FORMATS } from "@prewarm/shared/config";
import { parseInfo } from "@prewarm/shared/image-info";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readLabels } from "../output/labels/read-labels.ts";
import { putStaged } from "../store/staged.ts";
import { OUTPUT_HOST } from "../testing/fake-ittybit.ts";
import { AUTHOR, geotagged } from "../testing/geotagged.ts";
import { batchWorld, ORIGINALS } from "./testing/batch-world.ts";

const KEYS = FORMATS.map((format) => `photo/320-high.${format}`);
/** Of the fixture. */
const SAID = ["Zoë &amp; Söhne", "株式会社", "https://agency.example/licence", "compositeWithTrainedAlgorithmicMedia"];
const SECRETS = /Secret|SECRET|GPS|Jane|garden/;

/** A site whose original and whose results are full of metadata. */
async function labelWorld({
  labels = true,
  etag = '"e1"',
  ...options
}: Partial<Record<"labels", boolean>> & { etag?: string; stages?: boolean } = {}) {
  const world = batchWorld({ ...options, config: labels ? { labels } : {} });
  const { web, deps, ittybit, clock, images } = world;
  const fixture = readFileSync("workers/consumer/test/fixtures/labels/all.jpg");
  const original = new Uint8Array(
    await sharp(fixture).resize(1000, 500, { fit: "fill" }).keepMetadata().jpeg().toBuffer(),
  );
  const origin = { bytes: original, etag, asked: 0 };
  web.set(`${ORIGINALS}/photo`, () => {
    origin.asked += 1;
    const headers = { etag: origin.etag, "content-length": String(origin.bytes.length) };
    return new Response(origin.bytes.slice(), { headers });
  });
  const results = { make: (...args: Parameters<typeof geotagged>): Promise<Uint8Array> => geotagged(...args) };
  const { fetch } = deps;
  deps.fetch = (async (url: string, init: RequestInit) => {
    const job = ittybit.jobs.find(({ id }) => url === `${OUTPUT_HOST}/${id}`);
    if (job === undefined) return fetch(url, init);
    const { format, width = 16 } = job.order.options;
    return new Response(new Uint8Array(await clock.during(results.make(format, width, width / 2))));
  }) as typeof deps.fetch;
  const stored = (key: string) => images.objects.get(`variants/${key}`)?.bytes ?? new Uint8Array();
  /** The XMP that libvips finds in a variant. */
  const xmpOf = async (key: string) =>
    (await sharp(stored(key), { failOn: "warning" }).metadata()).xmp?.toString().trim() ?? "";
  const staged = () => [...images.objects].filter(([name]) => name.startsWith("staged/"));
  /** Jobs of a handler that has left, which have ended since. */
  const leave = async (keys: readonly string[]) => {
    for (const [index, key] of keys.entries()) {
      const { gen } = world.ledger.addLeft(key, { job: `job_00000${index + 1}` });
      const format = FORMATS.find((one) => key.endsWith(one)) ?? "webp";
      const metadata = { ledger: "L1", gen: String(gen), width: "320", height: "160", etag: '"e1"' };
      const options = { width: 320, format, quality: "high" } as const;
      await ittybit.submit({ input: "i", options, idempotencyKey: `k${index}`, metadata });
    }
    clock.advance(1_000);
  };
  return { ...world, origin, results, leave, stored, xmpOf, staged };
}

type World = Awaited<ReturnType<typeof labelWorld>>;

async function expectLabels({ xmpOf, stored }: World, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const xmp = await xmpOf(key);
    for (const text of SAID) expect([key, xmp]).toEqual([key, expect.stringContaining(text)]);
    expect(new TextDecoder().decode(stored(key))).not.toMatch(SECRETS);
  }
}

describe("a site with labels", () => {
  it("stores every variant of an upload with those of its original, which it reads once", async () => {
    const world = await labelWorld({ stages: true });
    world.ledger.order({ keys: KEYS });
    await world.shift();
    await expectLabels(world, KEYS);
    expect(world.origin.asked).toBe(1);
    for (const key of KEYS)
      expect(world.ledger.outcomes.get(key)).toMatchObject([{ kind: "stored", bytes: world.stored(key).length }]);
  });

  it("finds them beside the staged original, without asking the origin, for jobs of another handler", async () => {
    const world = await labelWorld({ stages: true });
    const name = { id: "photo", v: null, number: world.clock.now() * 1000 };
    const size = { width: 1000, height: 500 };
    const facts = { size, etag: '"e1"', type: "jpeg", frames: 1, alpha: false } as const;
    const labels = readLabels(world.origin.bytes).labels ?? {};
    await putStaged(world.images.bucket, name, world.origin.bytes, {
      ...facts,
      labels,
      leftOut: ["manifest", "long_text"],
    });
    await world.leave(KEYS);
    await world.shift();
    await expectLabels(world, KEYS);
    expect(world.origin.asked).toBe(0);
    const note = parseInfo(new TextDecoder().decode(world.images.objects.get("info/photo/_")?.bytes));
    expect(note?.leftOut).toEqual(["manifest", "long_text"]);
    expect(world.logs.join()).toContain(`"longTexts":${KEYS.length}`);
  });

  it.each([
    ["the same", '"e1"', true],
    ["another one", '"e2"', false],
  ])("looks at an original that is not staged, whose words count if it is still %s", async (_name, etag, isSame) => {
    const world = await labelWorld({ etag });
    await world.leave(KEYS);
    await world.shift();
    expect(world.ledger.kinds()).toEqual(KEYS.map(() => "stored"));
    for (const key of KEYS) expect([key, (await world.xmpOf(key)) !== ""]).toEqual([key, isSame]);
  });

  it("stores a copy of the original with them, and the placeholder in pages without", async () => {
    const world = await labelWorld();
    world.origin.bytes = new Uint8Array(
      await sharp(world.origin.bytes).resize(320, 160).keepMetadata().jpeg({ quality: 20 }).toBuffer(),
    );
    // A result of noise has more bytes than the original.
    world.results.make = async (format, width, height, ...rest) => {
      if (width < 100) return geotagged(format, width, height, ...rest);
      const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
      const create = { width, height, channels: 3 as const, background: "#808080", noise };
      return sharp({ create }).jpeg({ quality: 95 }).toBuffer();
    };
    const keys = ["photo/320-high.jpeg", "photo/16-very_low.webp"];
    for (const key of keys) world.ledger.add(key);
    await world.shift();
    await expectLabels(world, keys);
    const [copy, own] = await Promise.all(
      [world.stored("photo/320-high.jpeg"), world.origin.bytes].map((bytes) => sharp(bytes).raw().toBuffer()),
    );
    expect(copy?.equals(own ?? Buffer.alloc(0))).toBe(true);
    const note = parseInfo(new TextDecoder().decode(world.images.objects.get("info/photo/_")?.bytes));
    const placeholder = Buffer.from(note?.lqip?.split(",")[1] ?? "", "base64");
    expect([(await sharp(placeholder).metadata()).width, placeholder.includes("rdf")]).toEqual([16, false]);
  });
});

describe("a site without the setting", () => {
  it("stores no label, not even beside the staged original", async () => {
    const world = await labelWorld({ labels: false, stages: true });
    world.ledger.order({ keys: KEYS });
    await world.shift();
    for (const key of KEYS)
      expect([key, world.stored(key).length > 100, await world.xmpOf(key)]).toEqual([key, true, ""]);
    expect(world.staged().map(([, { customMetadata }]) => Object.keys(customMetadata))).toEqual([
      expect.not.arrayContaining(["labels"]),
    ]);
    expect(new TextDecoder().decode(world.origin.bytes)).not.toContain(AUTHOR);
  });
});
