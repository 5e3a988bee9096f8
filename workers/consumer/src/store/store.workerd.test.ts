import { env } from "cloudflare:workers";
import { encodeId } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import { describe, expect, it } from "vitest";
import { readFromBucket } from "../originals/read-start.ts";
import { createSemaphore } from "../platform/semaphore.ts";
import { imagesIn } from "./image-ids.ts";
import { clearMarkers, markDead, markMissing } from "./markers.ts";
import { saySmaller } from "./say-smaller.ts";
import { sharedBuckets } from "./shared-calls.ts";
import { deleteVariants, headVariant, putVariant } from "./variants.ts";

const bucket = (env as { IMAGES_BUCKET: R2Bucket }).IMAGES_BUCKET;
const KEY = "photo/400-high.webp";

function variant(gen: number, text: string) {
  const metadata = {
    gen,
    job: `job_${gen}`,
    sourceEtag: '"e1"',
    originalBytes: 412_004,
    width: 400,
    height: 200,
    createdAt: 1_800_000_000_000,
  };
  return { key: KEY, bytes: new TextEncoder().encode(text), format: "webp" as const, metadata };
}

// The memory bucket of the other tests stands for R2: this is where R2 itself is asked whether that is true.
describe("the store, on R2 itself", () => {
  it("puts only what the head saw: nothing, or exactly that object", async () => {
    expect(await headVariant(bucket, KEY)).toBeNull();
    expect(await putVariant(bucket, variant(1, "one"), null)).not.toBeNull();
    const seen = await headVariant(bucket, KEY);
    expect(seen).toMatchObject({ gen: 1, bytes: 3 });
    expect(await putVariant(bucket, variant(2, "two"), null)).toBeNull();
    expect(await putVariant(bucket, variant(2, "two"), seen)).not.toBeNull();
    expect(await putVariant(bucket, variant(3, "three"), seen)).toBeNull();
    const object = await bucket.get(`variants/${KEY}`);
    expect(await object?.text()).toBe("two");
    expect(object?.httpMetadata).toMatchObject({
      contentType: "image/webp",
      cacheControl: "public, max-age=31536000, immutable",
    });
    expect(fromCustomMetadata(object?.customMetadata)).toEqual(variant(2, "two").metadata);
    await deleteVariants(bucket, [KEY]);
    expect(await putVariant(bucket, variant(4, "four"), seen)).toBeNull();
  });

  it("lets an object say which formats are smaller, unless it was deleted or put again since it was read", async () => {
    const now = { width: 400, height: 200, type: "image/jpeg", bytes: 9, frames: 1, etag: '"e1"', version: null };
    const note = { ...now, lqip: null, stored: {}, others: [], sizes: { "400-high": { webp: 3, jpeg: 2 } } };
    const transform = { width: 400, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;
    const logs: string[] = [];
    /** `meanwhile`: between the read and the put. */
    const say = async (meanwhile: () => Promise<unknown>) => {
      const get = async (key: string) => {
        const object = await bucket.get(key);
        await meanwhile();
        return object;
      };
      const images = { get, put: bucket.put.bind(bucket) } as unknown as Pick<R2Bucket, "get" | "put">;
      const turn = { run: <T>(work: () => Promise<T>) => work() };
      const deps = { config: { formats: ["webp" as const] }, images, connections: turn, memory: turn };
      const told = { ...deps, sleep: async () => undefined, log: (event: string) => void logs.push(event) };
      await saySmaller(told, { id: "photo", v: null, before: null, now: note }, [{ transform, bytes: 3, smaller: [] }]);
      return bucket.get(`variants/${KEY}`);
    };
    await deleteVariants(bucket, [KEY]);
    await putVariant(bucket, variant(1, "one"), null);
    const before = await headVariant(bucket, KEY);
    const said = await say(async () => undefined);
    expect(fromCustomMetadata(said?.customMetadata)).toEqual({ ...variant(1, "one").metadata, smaller: ["jpeg"] });
    expect([said?.etag, said?.httpMetadata?.contentType, await said?.text()]).toEqual([
      before?.etag,
      "image/webp",
      "one",
    ]);

    await deleteVariants(bucket, [KEY]);
    await putVariant(bucket, variant(1, "one"), null);
    const first = (await bucket.head(`variants/${KEY}`))?.uploaded.getTime();
    const again = async () => {
      // Two puts in one millisecond are one to the condition.
      do await putVariant(bucket, variant(2, "one"), await headVariant(bucket, KEY));
      while ((await bucket.head(`variants/${KEY}`))?.uploaded.getTime() === first);
    };
    expect(fromCustomMetadata((await say(again))?.customMetadata)).toEqual(variant(2, "one").metadata);

    expect(await say(() => deleteVariants(bucket, [KEY]))).toBeNull();
    expect(logs).toEqual([]);
  });

  it("names each image of a folder once, page behind page, and lists neighbours by shared calls", async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `many/${n}.jpg`);
    const keys = ids.flatMap((id) => ["400", "800"].map((width) => `${encodeId(id)}/${width}-high.webp`));
    for (const key of [...keys, `${encodeId("manyother/1.jpg")}/400-high.webp`])
      await bucket.put(`variants/${key}`, "x");
    const short = { list: (options: R2ListOptions) => bucket.list({ ...options, limit: 5 }) } as Pick<R2Bucket, "list">;
    const found: string[] = [];
    for (let next: string | null | undefined; next !== null; ) {
      const page = await imagesIn(short, "many/", next ?? null);
      found.push(...page.ids);
      next = page.next;
    }
    expect(found).toEqual(ids.toSorted());
    let lists = 0;
    const list = (options: R2ListOptions) => {
      lists += 1;
      return bucket.list(options);
    };
    const shared = sharedBuckets(createSemaphore(1), Date.now)({ list } as typeof short);
    const listed = ids.map((id) => shared.list({ prefix: `variants/${encodeId(id)}/` }));
    const names = (await Promise.all(listed)).map(({ objects }) =>
      objects.map(({ key }) => key.slice("variants/".length)),
    );
    expect(names).toEqual(ids.map((_, n) => keys.slice(2 * n, 2 * n + 2)));
    expect(lists).toBeLessThan(ids.length / 2);
  });

  it("writes markers and takes them away", async () => {
    await markDead(bucket, KEY, { code: "unsupported", until: 7 });
    expect(await (await bucket.get(`dead/${KEY}`))?.json()).toEqual({ code: "unsupported", until: 7 });
    expect(await markMissing(bucket, "photo", 1_000)).toBe(61_000);
    expect(await markMissing(bucket, "photo", 1_000)).toBe(121_000);
    await clearMarkers(bucket, [KEY], ["photo"]);
    expect((await bucket.list({ prefix: "dead/" })).objects).toEqual([]);
  });

  it("reads the start of an original, short or empty", async () => {
    await bucket.put("o/a", "0123456789");
    const start = await readFromBucket(bucket, "o/a", 4);
    expect(start).toMatchObject({ kind: "bytes", total: 10 });
    expect(start.kind === "bytes" && new TextDecoder().decode(start.bytes)).toBe("0123");
    expect(await readFromBucket(bucket, "o/a", 65_536)).toMatchObject({ kind: "bytes", total: 10 });
    expect(await readFromBucket(bucket, "o/none", 4)).toEqual({ kind: "missing" });
    await bucket.put("o/empty", "");
    expect(await readFromBucket(bucket, "o/empty", 4)).toMatchObject({ kind: "bytes", total: 0 });
  });
});
