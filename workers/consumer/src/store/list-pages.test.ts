import { globSync, readFileSync } from "node:fs";
import { deadKey, infoKey, missingKey, storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { createMemoryBucket, seeded } from "../testing/memory-bucket.ts";
import { objectsAfter, pagesOf } from "./list-pages.ts";
import { sweepImage } from "./sweep-image.ts";
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
    await sweepImage(bucket, { kind: "delete", id: "a", fence: 50, pass: 1 }, () => true);
    expect(names("variants/a/")).toEqual(KEYS.slice(50).map(storeKey).sort());
    expect([...names("dead/"), ...names("info/")]).toEqual([deadKey("ab/400-high.webp"), infoKey("ab")]);
  });

  it("a new original's sweep finds every variant with its generation, and deletes every marker of the older original", async () => {
    const { bucket, names } = await stand(seed);
    const found = await sweepImage(bucket, { kind: "remake", id: "a", fence: 50, pass: 1 }, () => true);
    expect(found.toSorted((a, b) => a.gen - b.gen)).toEqual(KEYS.map((key, gen) => ({ key, gen })));
    expect(names("dead/")).toEqual([deadKey("ab/400-high.webp")]);
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

it("a purge asks after each list whether it may still delete, and deletes nothing more once it may not", async () => {
  const { bucket, calls } = await stand(3);
  let asked = 0;
  const goOn = () => {
    asked += 1;
    calls.push("asks");
    return asked < 2;
  };
  calls.length = 0;
  await sweepImage(bucket, { kind: "delete", id: "a", fence: 100, pass: 1 }, goOn);
  const steps = calls.map((call) => call.split(" ")[0] ?? "").filter((step, at, all) => step !== all[at - 1]);
  const stop = steps.indexOf("asks", steps.indexOf("asks") + 1);
  expect(steps.slice(0, stop + 1)).toEqual(["list", "asks", "delete", "list", "asks"]);
  expect(steps.slice(stop)).not.toContain("delete");
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
  expect(listing).toEqual(["list-pages", "shared-calls"].map((name) => `workers/consumer/src/store/${name}.ts`));
});
