import { globSync, readFileSync } from "node:fs";
import { deadKey, infoKey, missingKey, storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { createMemoryBucket, seeded } from "../testing/memory-bucket.ts";
import { listGenerations, lookForRenewal } from "./list-generations.ts";
import { objectsAfter, pagesOf } from "./list-pages.ts";
import { purgeObjects } from "./purge-objects.ts";
import { storedKeys } from "./variants.ts";

const KEYS = Array.from({ length: 60 }, (_, n) => `a/${n + 100}-high.webp`);
const metadata = (gen: number) => ({
  customMetadata: { gen: String(gen), job: "j", width: "1", height: "1", "created-at": "1" },
});

/** An image of 60 variants with generations 0 to 59, markers and a note, beside another image; pages are as long as the seed says. */
async function stand(seed: number) {
  const memory = createMemoryBucket({ random: seeded(seed) });
  for (const [gen, key] of KEYS.entries()) {
    await memory.bucket.put(storeKey(key), "x", metadata(gen));
    await memory.bucket.put(deadKey(key), "{}");
  }
  await memory.bucket.put(missingKey("a"), "{}");
  await memory.bucket.put(infoKey("a"), "{}", metadata(7));
  for (const name of [storeKey("ab/400-high.webp"), deadKey("ab/400-high.webp"), infoKey("ab")])
    await memory.bucket.put(name, "x", metadata(1));
  const names = (prefix: string) => [...memory.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  return { ...memory, names };
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

describe.each(SEEDS)("over short and empty pages (seed %i)", (seed) => {
  it("a purge deletes all that is below its floor, and every marker", async () => {
    const { bucket, names } = await stand(seed);
    await purgeObjects(bucket, { id: "a", floor: 50 }, () => true);
    expect(names("variants/a/")).toEqual(KEYS.slice(50).map(storeKey).sort());
    expect([...names("dead/"), ...names("info/")]).toEqual([deadKey("ab/400-high.webp"), infoKey("ab")]);
  });

  it("a renewal finds every variant, and deletes every marker of the older original", async () => {
    const { bucket, names } = await stand(seed);
    const found = await lookForRenewal(bucket, { id: "a", look: 1 });
    expect(found.map(({ key }) => key)).toEqual(KEYS.toSorted());
    expect(names("dead/")).toEqual([deadKey("ab/400-high.webp")]);
  });

  it("generations are listed to the end", async () => {
    const { bucket } = await stand(seed);
    const found = await listGenerations(bucket, "a");
    expect(found.toSorted((a, b) => a.gen - b.gen)).toEqual(KEYS.map((key, gen) => ({ key, gen })));
  });

  it("all that is stored of some images is known", async () => {
    const { bucket } = await stand(seed);
    expect([...(await storedKeys(["a", "ab", "none"], bucket))].sort()).toEqual([...KEYS, "ab/400-high.webp"].sort());
  });

  it("intervals follow each other without a gap", async () => {
    const { bucket, names } = await stand(seed);
    const seen: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const where = { after, most: 7 };
      const page: Awaited<ReturnType<typeof objectsAfter>> = await objectsAfter(bucket, { prefix: "variants/" }, where);
      expect(page.objects.length).toBe(Math.min(7, 61 - seen.length));
      seen.push(...page.objects.map(({ key }) => key));
      after = page.to;
    }
    expect(seen).toEqual(names("variants/"));
  });
});

it("a purge asks before each page whether it may go on, and stops", async () => {
  const { bucket, names } = await stand(3);
  let asked = 0;
  const goOn = () => {
    asked += 1;
    return asked < 2;
  };
  await purgeObjects(bucket, { id: "a", floor: 100 }, goOn);
  expect(names("variants/a/").length).toBeGreaterThan(0);
});

it("the bucket of the tests gives pages that are short, and some without objects", async () => {
  const lengths: number[] = [];
  for (const seed of SEEDS) {
    const { bucket } = await stand(seed);
    for await (const { objects } of pagesOf(bucket, { prefix: "variants/a/" })) lengths.push(objects.length);
  }
  expect(lengths.filter((length) => length === 0).length).toBeGreaterThan(0);
  expect(lengths.filter((length) => length > 0 && length < 60).length).toBeGreaterThan(SEEDS.length);
});

it("no other code of the Workers asks R2 for a list", () => {
  const sources = globSync("workers/*/src/**/*.ts").filter((file) => !/\.test\.ts$|\/testing\//.test(file));
  const listing = sources.filter((file) => /(bucket|images|_BUCKET)\.list\(/i.test(readFileSync(file, "utf8")));
  expect(listing).toEqual(["workers/consumer/src/store/list-pages.ts"]);
});
