import { describe, expect, it } from "vitest";
import { createSemaphore } from "../platform/semaphore.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { LookUp } from "./look-up.ts";

const keyOf = (n: number) => `i${String(n).padStart(3, "0")}/400-high.webp`;

function setup(random = () => 0.999) {
  // Pages are as long as they can be, unless a test says otherwise.
  const memory = createMemoryBucket({ random });
  let now = 0;
  const lookUp = new LookUp({ images: memory.bucket, connections: createSemaphore(6), clock: { now: () => now } });
  const store = (n: number, gen = 5) => {
    const customMetadata = { gen: String(gen), job: "j", width: "1", height: "1", "created-at": "1" };
    return memory.bucket.put(`variants/${keyOf(n)}`, "bytes", { customMetadata });
  };
  const find = async (from: number, count: number) => {
    const keys = Array.from({ length: count }, (_, n) => keyOf(from + n));
    return (await Promise.all(keys.map((key) => lookUp.find(key, 0)))).map((one) => one?.gen ?? null);
  };
  const reads = () => memory.calls.filter((call) => !call.startsWith("put")).map((call) => call.split("/")[0]);
  return {
    memory,
    lookUp,
    store,
    find,
    reads,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

const heads = (count: number) => Array.from({ length: count }, () => "head variants");

describe("the variants that R2 has", () => {
  it("are listed once for many that are wanted at once, and read one by one where they are few", async () => {
    const { store, find, reads, memory } = setup();
    await store(3);
    await store(40);
    expect(await find(0, 13)).toEqual(Array.from({ length: 13 }, (_, n) => (n === 3 ? 5 : null)));
    expect(reads()).toEqual(["list variants"]);
    memory.calls.length = 0;
    const few = setup();
    await few.store(3);
    expect(await few.find(0, 12)).toEqual(Array.from({ length: 12 }, (_, n) => (n === 3 ? 5 : null)));
    expect(few.reads()).toEqual(heads(12));
  });

  it("are known to be absent for five seconds after the edge has looked, and no other with them", () => {
    const { lookUp, advance } = setup();
    lookUp.noteAbsent(keyOf(3), 0);
    advance(4_999);
    expect([lookUp.isMissed(keyOf(3)), lookUp.isMissed(keyOf(4))]).toEqual([true, false]);
    advance(1);
    expect(lookUp.isMissed(keyOf(3))).toBe(false);
  });

  it("are believed to be absent for five seconds by the last list, and never to be there", async () => {
    const { store, find, reads, advance, memory } = setup();
    await store(30);
    await find(0, 13);
    memory.calls.length = 0;
    advance(4_999);
    expect(await find(20, 5)).toEqual([null, null, null, null, null]);
    expect(reads()).toEqual([]);
    // Somebody deletes it by hand.
    memory.objects.delete(`variants/${keyOf(30)}`);
    expect(await find(30, 1)).toEqual([null]);
    expect(reads()).toEqual(["head variants"]);
    memory.calls.length = 0;
    advance(1);
    await store(20);
    expect(await find(20, 1)).toEqual([5]);
  });

  it("are read again once this handler has stored them, and below the list's beginning", async () => {
    const { lookUp, store, find, reads } = setup();
    await find(10, 13);
    await store(11);
    lookUp.noteStored(keyOf(11));
    await store(5);
    expect([await find(11, 1), await find(5, 1)]).toEqual([[5], [5]]);
    expect(reads()).toEqual(["list variants", "head variants", "head variants"]);
  });

  it("that a short page does not reach are read one by one: no second list", async () => {
    const { store, find, reads } = setup(() => 0.3);
    for (let n = 0; n < 20; n += 1) await store(n);
    expect(await find(0, 20)).toEqual(Array.from({ length: 20 }, () => 5));
    const [first, ...others] = reads();
    expect(first).toBe("list variants");
    expect(others.length).toBeGreaterThan(5);
    expect(new Set(others)).toEqual(new Set(["head variants"]));
  });

  it("are listed again once thirteen were looked up since a short page, however few are wanted at once", async () => {
    const { store, find, reads, memory } = setup(() => 0.3);
    for (let n = 0; n < 100; n += 10) await store(n);
    await find(0, 13);
    memory.calls.length = 0;
    for (let n = 13; n < 99; n += 10) await find(n, 10);
    const lists = reads().filter((read) => read === "list variants").length;
    expect({ lists, heads: reads().length - lists }).toEqual({ lists: 4, heads: 17 });
  });

  it("are told by nobody while R2 does not answer: each that asked hears it", async () => {
    const { find, memory } = setup();
    memory.fails = () => true;
    await expect(find(0, 13)).rejects.toThrow("R2 is out");
    memory.fails = () => false;
    expect(await find(0, 1)).toEqual([null]);
  });
});
