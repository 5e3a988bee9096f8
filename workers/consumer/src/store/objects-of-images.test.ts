import { expect, it } from "vitest";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { objectsOfImages } from "./objects-of-images.ts";

/** Neighbours of `a` in the order of names: `%` and `-` come before `/`. */
const IDS = ["a", "a/b", "a-b", "a.jpg", "b", "c", "ä", "z"];

async function bucketOf(counts: Record<string, number>) {
  const memory = createMemoryBucket();
  for (const [id, count] of Object.entries(counts))
    for (let width = 1; width <= count; width += 1)
      await memory.bucket.put(`variants/${encodeURIComponent(id)}/${width}-high.webp`, "x", { customMetadata: { id } });
  await memory.bucket.put("info/a", "no variant");
  memory.calls.length = 0;
  return memory;
}

it("finds every image's own objects, whatever stands between them and however short the pages are", async () => {
  const counts = { a: 3, "a/b": 450, "a-b": 1, b: 201, c: 0, ä: 2, other: 700, z: 5 };
  for (let round = 0; round < 20; round += 1) {
    const { bucket } = await bucketOf(counts);
    const found = await objectsOfImages(bucket, IDS);
    const lengths = Object.fromEntries([...found].map(([id, objects]) => [id, objects.length]));
    expect(lengths).toEqual({ a: 3, "a/b": 450, "a-b": 1, "a.jpg": 0, b: 201, c: 0, ä: 2, z: 5 });
    for (const [id, objects] of found) for (const { customMetadata } of objects) expect(customMetadata).toEqual({ id });
  }
});

it("reads images beside each other with one list of 200 objects, and steps over what stands between others", async () => {
  const beside = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`m${n}`, 5]));
  const near = await bucketOf(beside);
  await objectsOfImages(near.bucket, Object.keys(beside));
  const pages = near.calls.filter((call) => call.startsWith("list")).length;
  const far = await bucketOf({ a: 5, m: 5_000, z: 5 });
  await objectsOfImages(far.bucket, ["a", "z"]);
  const farPages = far.calls.filter((call) => call.startsWith("list")).length;
  // The memory's pages are short at random: 200 objects are several of them.
  expect(pages).toBeLessThan(40);
  expect(farPages).toBeLessThan(40);
});

it("looks at 5,000 objects of an image and goes on with the next one", async () => {
  const { bucket } = await bucketOf({ a: 6_000, b: 2 });
  const found = await objectsOfImages(bucket, ["a", "b"]);
  expect(found.get("a")?.length).toBeGreaterThanOrEqual(5_000);
  expect(found.get("a")?.length).toBeLessThan(5_400);
  expect(found.get("b")).toHaveLength(2);
});
