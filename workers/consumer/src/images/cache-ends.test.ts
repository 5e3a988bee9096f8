import type { CachePurge } from "@prewarm/shared/edge-cache";
import { CACHE_PURGE_MS } from "@prewarm/shared/limits";
import { describe, expect, it } from "vitest";
import type { ImageRows } from "../ledger/contract.ts";
import { setup } from "../ledger/testing/setup.ts";
import { outdateCopies, ROWS_MAX } from "./cache-purges.ts";
import { passDone } from "./sweeps.ts";
import { PURGED } from "./tables/cache-purges.ts";

const MINUTE_S = 60;

/** A ledger whose first purge of everything is over. `isTaken`: the cache takes calls. */
function workersCache() {
  const world = setup({ edgeCache: "workers" });
  const { clock, ledger, transactions } = world;
  let taker = 0;
  const carryOut = () => {
    taker += 1;
    const call = ledger.takeCachePurge(`edge-${taker}`) as CachePurge | null;
    if (call !== null) ledger.noteCachePurge(call.number, null);
  };
  /** Seconds pass; each of them the passes that are due end, and the edge asks for a call. */
  const live = (seconds: number, isTaken = true) => {
    for (let second = 0; second < seconds; second += 1) {
      for (const pass of world.passes()) transactions.write((tx) => passDone(tx, pass, []));
      if (isTaken) carryOut();
      clock.advance(1);
    }
  };
  live(2 * MINUTE_S);
  const seen = (id: string) => ledger.imageRows(id, []) as ImageRows;
  return { ...world, live, seen };
}

describe("when the edge's copies of an image have ended", () => {
  it("is known of a purge once the cache has taken the call that is repeated 60 s after the deletes", () => {
    const { clock, ledger, live, seen } = workersCache();
    const at = clock.ms;
    ledger.purgeImage("a", null, "test");
    live(59);
    expect(seen("a").purge).toMatchObject({ deletedAt: at, edgeAt: null });
    live(3);
    const { edgeAt } = seen("a").purge ?? {};
    expect(edgeAt).toBeGreaterThanOrEqual(at + 60_000);
    expect(edgeAt).toBeLessThan(at + 62_000);
    // The second pass has the cache purged again, and moves nothing.
    live(20 * MINUTE_S);
    expect(seen("a").purge?.edgeAt).toBe(edgeAt);
  });

  it("is not known while the edge takes no call, and the receipt of a removal is not complete", () => {
    const { ledger, live, seen } = workersCache();
    ledger.removeImage("a", "asked", "test");
    live(40 * MINUTE_S, false);
    expect(seen("a").removal).toMatchObject({ edgeUntil: null, complete: false });
    live(40 * MINUTE_S);
    expect(seen("a").removal).toMatchObject({ complete: true });
  });

  it("is the end that a removal's receipt names, and its last look comes after it", () => {
    const { clock, ledger, live, seen } = workersCache();
    const at = clock.ms;
    ledger.removeImage("a", "asked", "test");
    live(2 * MINUTE_S);
    const { edgeUntil, complete } = seen("a").removal ?? {};
    expect(complete).toBe(false);
    expect(edgeUntil).toBeGreaterThanOrEqual(at + 60_000 + CACHE_PURGE_MS);
    expect(edgeUntil).toBeLessThan(at + 62_000 + CACHE_PURGE_MS);
    live(20 * MINUTE_S);
    expect(seen("a").removal).toMatchObject({ edgeUntil, complete: true });
    live(60 * MINUTE_S);
    expect(seen("a").removal?.checks).toHaveLength(2);
  });

  it("is known from the purge of everything where so many images waited that their rows were not kept", () => {
    const { clock, ledger, live, seen, transactions } = workersCache();
    ledger.purgeImage("a", null, "test");
    ledger.removeImage("b", "asked", "test");
    live(1, false);
    transactions.write((tx) => {
      for (let n = 0; n < ROWS_MAX; n += 1) outdateCopies(tx, `image-${n}`, PURGED);
    });
    expect(seen("a").purge?.edgeAt).toBeNull();
    const at = clock.ms;
    live(2 * MINUTE_S);
    expect(seen("a").purge?.edgeAt).toBeGreaterThanOrEqual(at + 60_000);
    expect(seen("b").removal?.edgeUntil).toBeGreaterThanOrEqual(at + 60_000 + CACHE_PURGE_MS);
  });
});

describe("the operator sees", () => {
  it("how many purges wait, since when, and why; a trouble once that is ten minutes", () => {
    const { clock, ledger, live } = workersCache();
    const edge = () => ledger.stats().warnings.find(({ code }) => code === "edge");
    expect(ledger.stats().edgeCache).toMatchObject({ waiting: 0, oldestAt: null, error: null });
    const at = clock.ms;
    ledger.purgeImage("a", null, "test");
    live(1, false);
    const call = ledger.takeCachePurge("edge") as CachePurge | null;
    ledger.noteCachePurge(call?.number ?? 0, "no such entrypoint");
    expect(ledger.stats().edgeCache).toMatchObject({ waiting: 1, oldestAt: at, error: { text: "no such entrypoint" } });
    clock.advance(599);
    expect(edge()).toBeUndefined();
    clock.advance(1);
    expect(edge()).toMatchObject({ level: "problem", since: at });
    expect(edge()?.sentence).toContain("The last call failed: no such entrypoint.");
    live(2 * MINUTE_S);
    expect(edge()).toBeUndefined();
    expect(ledger.stats().edgeCache).toMatchObject({ waiting: 0, error: null });
  });

  it("nothing of it where copies lie in the Cache API", () => {
    expect(setup().ledger.stats().edgeCache).toBeNull();
  });
});

describe("an operator's purge of the edge", () => {
  it("ends everything, or the copies of signed URLs, before any image", () => {
    const { ledger, clock, live, transactions } = workersCache();
    live(5 * MINUTE_S);
    transactions.write((tx) => outdateCopies(tx, "a", PURGED));
    clock.advance(1);
    expect(ledger.purgeEdge("signed", "test")).toBe(true);
    const signed = ledger.takeCachePurge("edge-signed") as CachePurge | null;
    expect(signed).toMatchObject({ kind: "purge" });
    expect(signed?.tags[0]).toBe("signed");
    clock.advance(1);
    expect(ledger.purgeEdge("everything", "test")).toBe(true);
    expect(ledger.takeCachePurge("edge-all")).toMatchObject({ kind: "purge", tags: "everything" });
    expect(ledger.listAudit({ cursor: null, limit: 2 }).entries.map(({ what, details }) => [what, details])).toEqual([
      ["edge.purge", { of: "everything" }],
      ["edge.purge", { of: "signed" }],
    ]);
  });

  it("is refused where no call reaches the copies", () => {
    expect(setup().ledger.purgeEdge("everything", "test")).toBe(false);
  });
});
