import type { FoundObject } from "@prewarm/control-schema/removal";
import { encodeId } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { listBlocks, putBlock } from "./blocks.ts";
import { makePass } from "./make-pass.ts";

const PASS = { kind: "delete", fence: 5, pass: 1, id: "a/b", removes: true } as const;
const OWN = [
  ...["variants/a%2Fb/@v1/400-high.webp", "variants/a%2Fb/800-high.webp", "dead/a%2Fb/_", "info/a%2Fb/_"],
  ...["staged/a%2Fb/4", "staged/a%2Fb/4@9", "staged/a%2Fb/1800000000000000", "staged/a%2Fb/1800000000000000@1"],
];
const OTHERS = [
  ...["variants/a%2Fbc/800-high.webp", "variants/a/800-high.webp", "info/a/_", "removed/a%2Fb"],
  ...["staged/a%2Fbc/4", "staged/a/4"],
];
const ORIGINAL = "photos/a/b";
const BLOCK = { reason: "asked", who: "anna", at: 7 };

/** A bucket that has the originals too, so that its times are of one clock. The block is put after all. */
async function filled() {
  const images = createMemoryBucket();
  for (const name of [...OWN, ...OTHERS]) await images.bucket.put(name, "x");
  await images.bucket.put(ORIGINAL, "original");
  await putBlock(images.bucket, PASS.id, BLOCK);
  const original = () => ({ bucket: images.bucket, binding: "ORIGINALS", key: ORIGINAL });
  const slept: number[] = [];
  const sleep = async (ms: number) => void slept.push(ms);
  return { images, slept, stores: { images: images.bucket, original, sleep } };
}

describe("a pass of a removal", () => {
  it("deletes all that R2 has of the image, and its original, and tells each before it is gone", async () => {
    const { images, stores } = await filled();
    const told: string[] = [];
    const isThere = ({ name }: FoundObject) => images.objects.has(name.replace("ORIGINALS ", ""));
    await makePass(stores, PASS, (found = []) => {
      expect(found.every(isThere)).toBe(true);
      told.push(...found.map(({ name }) => name));
      return true;
    });
    expect(told.sort()).toEqual([...OWN, `ORIGINALS ${ORIGINAL}`].sort());
    expect([...images.objects.keys()].sort()).toEqual(["info/a%2Fb/_", ...OTHERS].sort());
    expect(images.objects.get("info/a%2Fb/_")?.customMetadata).toEqual({ removed: "1" });
  });

  it("leaves an original that is younger than the removal until a repeat, and one whose block was lifted", async () => {
    const { images, stores } = await filled();
    const isThere = async () => {
      await makePass(stores, PASS, () => true);
      return images.objects.has(ORIGINAL);
    };
    await images.bucket.put(ORIGINAL, "another");
    expect(await isThere()).toBe(true);
    await images.bucket.delete("removed/a%2Fb");
    expect(await isThere()).toBe(true);
    await putBlock(images.bucket, PASS.id, BLOCK);
    expect(await isThere()).toBe(false);
  });

  it("finds nothing the second time: what tells the edge of the removal is no object of the image", async () => {
    const { stores } = await filled();
    await makePass(stores, PASS, () => true);
    const told: unknown[] = [];
    await makePass(stores, { ...PASS, pass: 2 }, (found = []) => told.push(...found) >= 0);
    expect(told).toEqual([]);
  });

  it("deletes all the same where R2 refuses the note that tells the edge, and puts that note a second later", async () => {
    const { images, slept, stores } = await filled();
    const { put } = images.bucket;
    let puts = 0;
    const refusing = async (...args: Parameters<R2Bucket["put"]>) => {
      puts += 1;
      if (puts === 1) throw new Error("429 (10058)");
      return put(...args);
    };
    const bucket = { ...images.bucket, put: refusing as R2Bucket["put"] };
    await makePass({ ...stores, images: bucket }, PASS, () => true);
    expect([...images.objects.keys()].sort()).toEqual(["info/a%2Fb/_", ...OTHERS].sort());
    expect(images.objects.get("info/a%2Fb/_")?.customMetadata).toEqual({ removed: "1" });
    expect(slept).toEqual([1_100]);
  });

  it("deletes nothing once it is not taken any more", async () => {
    const { images, stores } = await filled();
    await makePass(stores, PASS, () => false);
    expect([...images.objects.keys()].sort()).toEqual([...OWN, ...OTHERS, ORIGINAL].sort());
  });
});

it("deletes with a purge the staged originals from before it, and leaves those of later orders", async () => {
  const { images, stores } = await filled();
  const names = () => [...images.objects.keys()].filter((name) => name.startsWith("staged/"));
  for (const kind of ["remake", "recrop"] as const)
    await makePass(stores, { ...PASS, kind, removes: false }, () => true);
  const before = names();
  await makePass(stores, { ...PASS, removes: false }, () => true);
  expect(names()).toEqual(before.filter((name) => !/^staged\/a%2Fb\/4(@|$)/.test(name)));
});

it("reads every block that was put, whatever stands in its reason", async () => {
  const { bucket } = createMemoryBucket();
  const block = { reason: "Bitte löschen “sofort”", who: "anna", at: 7 };
  for (const id of ["é 100%", "a/b"]) await putBlock(bucket, id, block);
  expect(await listBlocks(bucket)).toEqual([
    { id: encodeId("é 100%"), ...block },
    { id: encodeId("a/b"), ...block },
  ]);
});
