import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { imagePrefix, infoKey, storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { createSemaphore } from "../platform/semaphore.ts";
import { createMemoryBucket, seeded } from "../testing/memory-bucket.ts";
import { pagesOf } from "./list-pages.ts";
import { sharedBuckets } from "./shared-calls.ts";

/** Ids of which each is the beginning of another, or differs in case only. */
const ALIKE = ["a", "a/b", "a-", "A", "ab", "a/bc", "a b", "é", "e\u0301", "a/b/c", "a.", "a%2Fb"];
const ids = [...ALIKE, ...Array.from({ length: 200 }, (_, n) => `user/${n}.jpg`)];

function shared(seed: number) {
  const memory = createMemoryBucket({ random: seeded(seed) });
  let [atOnce, most, now] = [0, 0, 0];
  const slow = async <T>(work: () => Promise<T>): Promise<T> => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((wake) => setImmediate(wake));
    atOnce -= 1;
    return work();
  };
  const { bucket: inner } = memory;
  const bucket = {
    list: (options: R2ListOptions) => slow(() => inner.list(options)),
    delete: (names: string[]) => slow(() => inner.delete(names)),
  } as unknown as Pick<R2Bucket, "list" | "delete">;
  const sharing = sharedBuckets(createSemaphore(MAX_CONNECTIONS), () => now);
  return { memory, bucket: sharing(bucket), most: () => most, pass: (ms: number) => (now += ms) };
}

async function namesBelow(bucket: Pick<R2Bucket, "list">, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { objects } of pagesOf(bucket, { prefix })) names.push(...objects.map(({ key }) => key));
  return names;
}

describe("lists at once", () => {
  it.each([1, 2, 3, 4, 5])(
    "each have the objects of their image and of no other, whatever pages R2 gives (%i)",
    async (seed) => {
      const { memory, bucket, most } = shared(seed);
      const wanted = new Map<string, string[]>();
      for (const [n, id] of ids.entries()) {
        const prefix = storeKey(imagePrefix(id));
        const own = Array.from({ length: n % 7 === 3 ? 0 : (n % 3) + 1 }, (_, m) => `${prefix}${m + 1}00-high.webp`);
        wanted.set(prefix, own);
        wanted.set(infoKey(id), n % 2 === 0 ? [infoKey(id)] : []);
      }
      const large = storeKey(imagePrefix("user/7.jpg"));
      wanted.set(
        large,
        Array.from({ length: 2_500 }, (_, n) => `${large}${n + 1_000}-high.webp`),
      );
      for (const name of [...wanted.values()].flat()) await memory.bucket.put(name, "x");
      memory.calls.length = 0;
      const found = await Promise.all(
        [...wanted].map(async ([prefix]) => [prefix, await namesBelow(bucket, prefix)] as const),
      );
      expect(new Map(found)).toEqual(wanted);
      expect(most()).toBe(MAX_CONNECTIONS);
      expect(memory.calls.length).toBeLessThan(wanted.size);
    },
  );

  it("of images that are far from each other answer each, with little more than a call for each", async () => {
    const { memory, bucket } = shared(1);
    for (let n = 0; n < 60; n += 1)
      for (let m = 0; m < 300; m += 1) await memory.bucket.put(storeKey(`far-${n}-${m}/400-high.webp`), "x");
    memory.calls.length = 0;
    const far = Array.from({ length: 60 }, (_, n) => storeKey(imagePrefix(`far-${n}-5`)));
    const found = await Promise.all(far.map((prefix) => namesBelow(bucket, prefix)));
    expect(found).toEqual(far.map((prefix) => [`${prefix}400-high.webp`]));
    expect(memory.calls.length).toBeLessThan(2.5 * 60);
  });

  it("fail together where R2 fails, and those that come later are answered", async () => {
    const { memory, bucket } = shared(1);
    memory.fails = () => true;
    const prefixes = ids.map((id) => storeKey(imagePrefix(id)));
    const ended = await Promise.allSettled(prefixes.map((prefix) => bucket.list({ prefix })));
    expect(ended.every(({ status }) => status === "rejected")).toBe(true);
    memory.fails = () => false;
    expect(await namesBelow(bucket, prefixes[0] ?? "")).toEqual([]);
  });
});

describe("deletes at once", () => {
  it("share calls of at most 1,000 names, and each ends when its objects are gone", async () => {
    const { memory, bucket } = shared(1);
    const sizes: number[] = [];
    const { delete: deleteNow } = memory.bucket;
    memory.bucket.delete = (names) => {
      sizes.push([names].flat().length);
      return deleteNow(names);
    };
    const names = Array.from({ length: 60 }, (_, n) => Array.from({ length: 70 }, (_, m) => `variants/${n}/${m}`));
    for (const name of names.flat()) await memory.bucket.put(name, "x");
    await Promise.all(
      names.map(async (own) => {
        await bucket.delete(own);
        expect(own.some((name) => memory.objects.has(name))).toBe(false);
      }),
    );
    expect(memory.objects.size).toBe(0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
    expect(sizes.length).toBeLessThan(20);
  });

  it("are not made once they have waited for ten seconds, because their locks may have ended", async () => {
    const { memory, bucket, pass } = shared(1);
    for (let n = 0; n < 8; n += 1) await memory.bucket.put(`variants/${n}/a`, "x");
    const begun = Array.from({ length: MAX_CONNECTIONS }, (_, n) => bucket.delete([`variants/${n}/a`]));
    const late = expect(bucket.delete(["variants/7/a"])).rejects.toThrow("waited too long");
    pass(10_001);
    await Promise.all([...begun, late]);
    expect(memory.objects.has("variants/7/a")).toBe(true);
  });
});
