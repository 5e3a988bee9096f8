import { bucketTag, type CachePurge, imageTag } from "@prewarm/shared/edge-cache";
import { describe, expect, it } from "vitest";
import { STORED, setup } from "../ledger/testing/setup.ts";
import { forgetWaiting, outdateCopies, ROWS_MAX } from "./cache-purges.ts";
import { passDone } from "./sweeps.ts";
import { PURGED } from "./tables/cache-purges.ts";

const KEY = "a/400-high.webp";

/** A ledger whose first purge of everything is over, with a full bucket of calls. */
function workersCache() {
  const world = setup({ edgeCache: "workers" });
  let taker = 0;
  const take = () => {
    taker += 1;
    return world.ledger.takeCachePurge(`edge-${taker}`) as CachePurge | null;
  };
  /** The cache takes the next call, if there is one. */
  const carryOut = () => {
    const call = take();
    if (call !== null) world.ledger.noteCachePurge(call.number, null);
    return call;
  };
  const tagsOf = (call: CachePurge | null) => call?.tags ?? null;
  carryOut();
  world.clock.advance(60);
  carryOut();
  world.clock.advance(300);
  /** The image's purge, up to the end of its first pass. */
  const purged = (id: string) => {
    const pass = world.purge(id);
    world.transactions.write((tx) => passDone(tx, pass, []));
    return pass;
  };
  /** So many images whose purge has ended its pass. */
  const outdated = (images: number) =>
    world.transactions.write((tx) => {
      for (let n = 0; n < images; n += 1) outdateCopies(tx, `image-${n}`, PURGED);
    });
  const age = () => world.sql.exec("SELECT what, since FROM cache_purges ORDER BY since");
  return { ...world, take, carryOut, tagsOf, purged, outdated, age };
}

describe("what makes a purge of the edge's copies due", () => {
  it("is the end of each pass of a purge, and not its order, for R2 has the objects until then", () => {
    const { clock, transactions, take, carryOut, purge, passes } = workersCache();
    const first = purge("a");
    expect(take()).toBeNull();
    transactions.write((tx) => passDone(tx, first, []));
    expect(carryOut()).toMatchObject({ kind: "purge", tags: [imageTag("a")] });
    clock.advance(60);
    carryOut();
    clock.advance(15 * 60);
    const [second] = passes();
    expect(take()).toBeNull();
    transactions.write((tx) => passDone(tx, second!, []));
    expect(carryOut()).toMatchObject({ kind: "purge", tags: [imageTag("a")] });
  });

  it("is a result in the place of an older one: of a new original, a forced job, a new focal point", () => {
    const { clock, ledger, order, granted, settle, carryOut, made, ready, call, tagsOf } = workersCache();
    made(KEY);
    expect(carryOut()).toBeNull();
    order({ keys: [KEY], originals: [{ id: "a", order: "1", sourceEtag: null }] });
    expect(carryOut()).toBeNull();
    settle("o", ready("o", call("o").give).find(({ key }) => key === KEY)!, STORED);
    expect(carryOut()).toMatchObject({ kind: "invalidate", tags: [imageTag("a")] });
    order({ keys: ["b/400-high.webp"], force: true });
    settle("p", ready("p", call("p").give)[0]!, STORED);
    clock.advance(1);
    expect(tagsOf(carryOut())).toEqual([imageTag("b")]);
    ledger.setFocal("c", [0.2, 0.2], "test");
    settle("q", granted("q", "c/400x400-cover-high.webp"), STORED);
    settle("q", granted("q", "d/400-high.webp"), STORED);
    clock.advance(1);
    expect(tagsOf(carryOut())).toEqual([imageTag("c")]);
  });

  it("is no result after a purge, for the purge has deleted what it could replace", () => {
    const { clock, purged, carryOut, made, take } = workersCache();
    purged("a");
    carryOut();
    clock.advance(60);
    carryOut();
    made(KEY);
    clock.advance(1);
    expect(take()).toBeNull();
  });

  it("is the doctor's delete, also where the doctor dies before it says that it has deleted", () => {
    const { clock, ledger, order, take, carryOut, passes, transactions, tagsOf } = workersCache();
    order({ keys: ["a/1-high.webp"], originals: [{ id: "a", order: "1", sourceEtag: null }] });
    for (const wait of [0, 16 * 60]) {
      clock.advance(wait);
      for (const pass of passes()) transactions.write((tx) => passDone(tx, pass, []));
    }
    const page = { from: "", to: "b", at: clock.ms, objects: [{ key: KEY, gen: 1 }], markers: [] };
    const slice = () => ledger.doctorSlice({ page, fix: true, keep: false, who: "test" });
    expect(slice().objects).toEqual([KEY]);
    expect(take()).toBeNull();
    clock.advance(120);
    expect(tagsOf(carryOut())).toEqual([imageTag("a")]);
    clock.advance(60);
    carryOut();
    const { locks } = slice();
    clock.advance(1);
    ledger.doctorDone(locks);
    expect(tagsOf(carryOut())).toEqual([imageTag("a")]);
  });

  it("is a restore, for everything", () => {
    const { ledger, carryOut, clock } = workersCache();
    ledger.restored("test");
    expect(carryOut()).toMatchObject({ kind: "purge", tags: "everything" });
    clock.advance(60);
    expect(carryOut()).toMatchObject({ kind: "purge", tags: "everything" });
    clock.advance(60);
    expect(carryOut()).toBeNull();
  });

  it("is nothing where copies lie in the Cache API of each data centre", () => {
    const { ledger, purge, transactions, sql } = setup();
    const pass = purge("a");
    transactions.write((tx) => passDone(tx, pass, []));
    expect(ledger.takeCachePurge("edge")).toBeNull();
    expect(sql.exec("SELECT * FROM cache_purges")).toEqual([]);
    expect(sql.exec("SELECT * FROM docs WHERE name = 'edge-cache'")).toEqual([]);
  });

  it("is the setting, once, for no purge has reached what was copied before it was off", () => {
    const first = setup({ edgeCache: "workers" });
    expect(first.ledger.takeCachePurge("edge")).toMatchObject({ tags: "everything" });
    expect(first.evict().takeCachePurge("edge-2")).toBeNull();
  });
});

describe("a purge of the edge's copies", () => {
  it("is repeated 60 s after the objects went, for answers that had read them and were not stored yet", () => {
    const { clock, purged, carryOut, take, tagsOf } = workersCache();
    purged("a");
    clock.advance(3);
    expect(tagsOf(carryOut())).toEqual([imageTag("a")]);
    clock.advance(56);
    expect(take()).toBeNull();
    clock.advance(1);
    expect(tagsOf(carryOut())).toEqual([imageTag("a")]);
    clock.advance(300);
    expect(take()).toBeNull();
  });

  it("is made once where it had to wait for so long", () => {
    const { clock, purged, carryOut, take } = workersCache();
    purged("a");
    clock.advance(60);
    expect(carryOut()).not.toBeNull();
    clock.advance(300);
    expect(take()).toBeNull();
  });

  it("is due once more when another object went after its call was taken", () => {
    const { clock, ledger, purged, take, carryOut, tagsOf } = workersCache();
    purged("a");
    clock.advance(60);
    const call = take();
    purged("a");
    ledger.noteCachePurge(call!.number, null);
    clock.advance(1);
    expect(tagsOf(carryOut())).toEqual([imageTag("a")]);
    clock.advance(59);
    expect(tagsOf(carryOut())).toEqual([imageTag("a")]);
  });

  it("is taken again when the edge that took it says nothing for 30 s", () => {
    const { clock, purged, take, ledger, evict } = workersCache();
    purged("a");
    const lost = take();
    clock.advance(29);
    expect(take()).toBeNull();
    clock.advance(1);
    const again = evict().takeCachePurge("other") as CachePurge | null;
    expect(again).toMatchObject({ tags: lost?.tags });
    expect(again?.number).not.toBe(lost?.number);
    // Too late: its purges are in another call by now.
    ledger.noteCachePurge(lost!.number, null);
    clock.advance(30);
    expect(take()).toMatchObject({ tags: lost?.tags });
  });

  it("is answered again to the edge that asks again because the answer was lost", () => {
    const { purged, ledger } = workersCache();
    purged("a");
    const call = ledger.takeCachePurge("edge");
    expect(call).not.toBeNull();
    expect(ledger.takeCachePurge("edge")).toEqual(call);
  });

  it("is tried again after a pause that grows while the cache refuses", () => {
    const { clock, ledger, purged, take, carryOut } = workersCache();
    purged("a");
    for (const seconds of [1, 2, 4]) {
      ledger.noteCachePurge(take()!.number, "rate limited");
      clock.advance(seconds - 0.001);
      expect(take()).toBeNull();
      clock.advance(0.001);
    }
    expect(carryOut()).not.toBeNull();
  });
});

describe("calls of the cache", () => {
  it("take 100 images each, and no more than the platform's 25 at once and 5 a minute", () => {
    const { clock, outdated, carryOut } = workersCache();
    outdated(2_450);
    const sizes: number[] = [];
    for (let call = carryOut(); call !== null; call = carryOut()) sizes.push(call.tags.length);
    // Two of the 25 are left for removals.
    expect(sizes).toEqual(Array.from({ length: 23 }, () => 100));
    clock.advance(11.9);
    expect(carryOut()).toBeNull();
    clock.advance(0.2);
    expect(carryOut()?.tags).toHaveLength(100);
    expect(carryOut()).toBeNull();
  });

  it("hold the limit after an eviction", () => {
    const { clock, outdated, carryOut, evict } = workersCache();
    outdated(2_450);
    for (let call = carryOut(); call !== null; call = carryOut());
    expect(evict().takeCachePurge("other")).toBeNull();
    clock.advance(12.1);
    expect(evict().takeCachePurge("other")).not.toBeNull();
  });

  it("take a removal before a run of purges, and purges before replaced variants", () => {
    const { ledger, clock, outdated, passes, transactions, carryOut, order, call, ready, settle, tagsOf } =
      workersCache();
    outdated(2_450);
    while (carryOut() !== null);
    order({ keys: ["new/400-high.webp"], force: true });
    settle("o", ready("o", call("o").give)[0]!, STORED);
    clock.advance(1);
    ledger.removeImage("removed", "asked", "test");
    for (const pass of passes()) transactions.write((tx) => passDone(tx, pass, []));
    const first = tagsOf(carryOut());
    expect(first?.[0]).toBe(imageTag("removed"));
    expect(first).not.toContain(imageTag("new"));
    expect(first).toHaveLength(100);
  });

  it("take the image that has waited longest first", () => {
    const { clock, purged, carryOut, age } = workersCache();
    for (let n = 0; n < 150; n += 1) {
      clock.advance(0.01);
      purged(`image-${149 - n}`);
    }
    expect(age()[0]?.what).toBe("image-149");
    const [first] = carryOut()?.tags ?? [];
    expect(first).toBe(imageTag("image-149"));
  });

  it("gather for a second after the call before, unless there is enough for a full one", () => {
    const { clock, purged, outdated, carryOut, tagsOf } = workersCache();
    purged("a");
    expect(tagsOf(carryOut())).toEqual([imageTag("a")]);
    purged("b");
    expect(carryOut()).toBeNull();
    clock.advance(1);
    purged("c");
    expect(tagsOf(carryOut())).toEqual([imageTag("b"), imageTag("c")]);
    outdated(100);
    expect(carryOut()?.tags).toHaveLength(100);
  });

  it("empty buckets of images where more than 2,500 wait: 11 calls for all", () => {
    const { outdated, carryOut, age, ledger, transactions, passes } = workersCache();
    outdated(8_000);
    ledger.removeImage("removed", "asked", "test");
    for (const pass of passes()) transactions.write((tx) => passDone(tx, pass, []));
    const first = carryOut();
    expect(first?.tags).toHaveLength(100);
    expect(first?.tags[0]).toBe(bucketTag("removed"));
    const emptied = new Set(first?.tags);
    let calls = 1;
    for (let call = carryOut(); call !== null; call = carryOut(), calls += 1)
      for (const tag of call.tags) emptied.add(tag);
    expect(calls).toBe(11);
    for (const { what } of age())
      expect(emptied.has(bucketTag(String(what))) || emptied.has(imageTag(String(what)))).toBe(true);
  });

  it("empty everything where more has waited for ten minutes than one call can name", () => {
    const { clock, outdated, carryOut, take, age } = workersCache();
    outdated(101);
    clock.advance(600);
    expect(carryOut()).toMatchObject({ kind: "purge", tags: "everything" });
    expect(age()).toEqual([]);
    outdated(100);
    clock.advance(600);
    expect(take()?.tags).toHaveLength(100);
  });

  it("need no more rows than their number: beyond it everything is emptied", () => {
    const { purged, transactions, age, take } = workersCache();
    purged("first");
    transactions.write((tx) => {
      const { sql } = tx;
      forgetWaiting(tx);
      for (let n = 0; n < ROWS_MAX - 1; n += 1)
        sql.exec(
          "INSERT INTO cache_purges (what, bucket, rank, at, since, due) VALUES (?, 0, 1, 0, 0, 9e15)",
          `image-${n}`,
        );
      sql.exec("UPDATE cache_purges SET due = 9e15");
    });
    expect(age()).toHaveLength(ROWS_MAX);
    purged("last");
    expect(age()).toHaveLength(1);
    expect(take()).toMatchObject({ kind: "purge", tags: "everything" });
  });

  it("invalidate where all that they name was replaced, and purge else", () => {
    const { order, call, ready, settle, purged, carryOut, clock } = workersCache();
    const force = (id: string) => {
      order({ keys: [`${id}/400-high.webp`], force: true });
      settle("o", ready("o", call("o").give)[0]!, STORED);
    };
    force("a");
    force("b");
    expect(carryOut()).toMatchObject({ kind: "invalidate", tags: [imageTag("a"), imageTag("b")] });
    clock.advance(1);
    force("c");
    purged("d");
    expect(carryOut()).toMatchObject({ kind: "purge", tags: [imageTag("d"), imageTag("c")] });
  });
});
