import type { CachePurge } from "@prewarm/shared/edge-cache";
import { describe, expect, it } from "vitest";
import { readEdgeCache } from "../images/tables/edge-cache-state.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { setup } from "./testing/setup.ts";

/** A ledger with a purge of everything due, since the setting is new to it. */
function newCache(more: Partial<LedgerDeps> = {}) {
  const world = setup({ edgeCache: "workers" }, more);
  const { clock, ledger, done, sql } = world;
  /** Rings the alarm at its time, so often; when it rang, in seconds from now. */
  const rings = async (times: number): Promise<number[]> => {
    const from = clock.ms;
    const at: number[] = [];
    for (let n = 0; n < times && done.alarmAt !== null; n += 1) {
      clock.ms = Math.max(clock.ms, done.alarmAt);
      done.alarmAt = null;
      at.push(Math.round((clock.ms - from) / 1000));
      await ledger.alarm();
      await settled();
    }
    return at;
  };
  return { ...world, rings, error: () => readEdgeCache(sql).error?.text ?? null };
}

/** What runs behind the alarm has run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the ledger tells the edge", () => {
  it("of a call that is due, by the alarm and by the cron, and again until an edge takes it", async () => {
    const { ledger, done, rings, error } = newCache();
    await ledger.rearm();
    expect(done.edgeCalls).toBe(1);
    expect(await rings(4)).toEqual([0, 2, 6, 14]);
    expect(done.edgeCalls).toBe(4);
    expect(error()).toBe("The edge was told of a call and has taken none.");
  });

  it("after a growing pause where it does not answer, and keeps what went wrong for the operator", async () => {
    const { ledger, rings, error, done } = newCache({
      callEdge: async () => {
        done.edgeCalls += 1;
        return "https://img.example/images/ answered 405";
      },
    });
    await ledger.rearm();
    const at = await rings(12);
    expect(at.at(-1)! - at.at(-2)!).toBeGreaterThanOrEqual(60);
    expect(error()).toBe("https://img.example/images/ answered 405");
  });

  it("as soon as a purge's pass has ended, in the same follow-up, and once more for the repeat", async () => {
    const { ledger, clock, done, rings, sql } = newCache({
      callEdge: async () => {
        done.edgeCalls += 1;
        const call = ledger.takeCachePurge(`edge-${clock.ms}`) as CachePurge | null;
        if (call !== null) ledger.noteCachePurge(call.number, null);
        return null;
      },
    });
    await ledger.rearm();
    await rings(3);
    expect(done.edgeCalls).toBe(1);
    clock.advance(300);
    ledger.purgeImage("a", null, "test");
    await ledger.alarm();
    await settled();
    expect(done.edgeCalls).toBe(2);
    expect(sql.exec("SELECT what FROM cache_purges WHERE due <= ?", clock.ms)).toEqual([]);
    await rings(100);
    // The repeat, and the same two calls after the purge's second pass.
    expect(done.edgeCalls).toBe(5);
    expect(done.alarmAt).toBeNull();
  });

  it("of nothing where copies lie in the Cache API", async () => {
    const { ledger, done, clock } = setup();
    ledger.purgeImage("a", null, "test");
    await ledger.rearm();
    clock.advance(120);
    await ledger.alarm();
    expect(done.edgeCalls).toBe(0);
  });
});
