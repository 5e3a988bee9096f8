import { env } from "cloudflare:workers";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import { describe, expect, it } from "vitest";
import { readFromBucket } from "../originals/read-start.ts";
import { clearMarkers, markDead, markMissing } from "./markers.ts";
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
