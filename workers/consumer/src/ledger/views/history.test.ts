import { DEAD, REFUSED } from "@prewarm/durable-queue";
import { deleteOld } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import type { GateView } from "../calls.ts";
import { OWN_RULES } from "../tables/own-tables.ts";
import { T0, tables } from "../testing/tables.ts";
import { getHistory } from "./buckets.ts";
import { ledgerStats } from "./history.ts";

const key = (id: string) => `${id}/400-high.webp`;
const MINUTE = 60_000;
const gate = {} as GateView;
const stats = (world: ReturnType<typeof tables>) =>
  world.read((tx) => ledgerStats(tx, { version: null, metricErrors: 0, gate }));

it("history and rates contain the current minute and earlier minutes", () => {
  const world = tables();
  world.order([key("a"), key("b"), key("c")]);
  world.hold("w", [key("a"), key("c")]);
  world.store([key("a")]);
  world.store([key("b")]);
  world.clock.ms += MINUTE;
  world.store([key("c")]);
  const stored = (tier: "minute" | "hour", from: number, to: number) =>
    world
      .read((tx) => getHistory(tx, { tier, from, to }))
      .buckets.filter((bucket) => bucket.stored > 0)
      .map((bucket) => [bucket.at, bucket.stored]);
  const minutes = [
    [T0, 2],
    [T0 + MINUTE, 1],
  ];
  expect(stored("minute", T0, T0 + 2 * MINUTE)).toEqual(minutes);
  expect(stored("minute", T0, T0)).toEqual([[T0, 2]]);
  expect(stored("minute", T0 + MINUTE, T0 + MINUTE)).toEqual([[T0 + MINUTE, 1]]);
  expect(stored("hour", T0, T0)).toEqual([[T0, 3]]);
  world.clock.ms += MINUTE;
  expect(stats(world).rates.stored).toBeCloseTo(1 / 60, 5);
});

it("history and the overview tell how long each lane's jobs took from order to stored", () => {
  const world = tables();
  world.order([key("a"), key("b")]);
  world.order([key("v")], { lane: "live" });
  world.hold("w", [key("a"), key("v")]);
  world.clock.ms += 900;
  world.store([key("v")]);
  world.clock.ms += 40_000;
  world.store([key("a")]);
  world.store([key("b")]);
  const lanes = () =>
    world.read((tx) => getHistory(tx, { tier: "hour", from: T0, to: T0 + 3_600_000 })).buckets[0]?.lanes;
  const none = { stored: 0, ready: { p50: null, p95: null, p99: null } };
  const before = lanes();
  expect(before).toMatchObject({ live: { stored: 1 }, upload: none, bulk: { stored: 2 } });
  expect(before?.live.ready.p95).toBeGreaterThan(500);
  expect(before?.live.ready.p95).toBeLessThanOrEqual(1_000);
  expect(before?.bulk.ready.p50).toBeGreaterThan(30_000);
  expect(stats(world).lanes).toEqual(before);
});

it("totals rise with every event, and stay when days are pruned", () => {
  const world = tables();
  const seen = () => stats(world).totals;
  world.order([key("a"), key("b"), key("c")]);
  world.hold("w", [key("a"), key("c")]);
  world.store([key("a")]);
  world.store([key("b")]);
  world.write((tx) => tx.statistics.count("throttled"));
  const before = { accepted: 0, stored: 2, failed: 0, dead: 0, refused: 0, cancelled: 0, throttled: 1 };
  expect(seen()).toEqual(before);
  world.clock.ms += 401 * 86_400_000;
  world.store([key("c")]);
  world.write((tx) =>
    deleteOld(tx.sql, OWN_RULES.hist.of.small, { before: world.clock.ms + 2 * 86_400_000, most: 500, limit: 500 }),
  );
  expect(seen()).toEqual({ ...before, stored: 3 });
});

it("the overview counts rows without stored jobs, refused ones apart from dead ones, and knows who waits longest", () => {
  const world = tables();
  world.order([key("old")], { run: "r" });
  world.clock.ms += 1_000;
  world.order([key("dead"), key("refused"), key("stored")], { run: "r" });
  world.order([key("held")], { lane: "upload" });
  world.order([key("tried")], { lane: "live" });
  world.change(key("tried"), { due: world.clock.ms + 5_000, attempts: 1 });
  world.change(key("dead"), { state: DEAD });
  world.change(key("refused"), { state: REFUSED });
  world.hold("w", [key("held")], {});
  world.store([key("stored")]);
  const { counts, rows, oldestWaiting } = stats(world);
  expect(counts.bulk).toMatchObject({ queued: 1, stored: 1, dead: 1, refused: 1 });
  expect(rows).toBe(5);
  expect(oldestWaiting).toEqual({ live: T0 + 1_000, upload: T0 + 1_000, bulk: T0 });
  world.clock.ms += 9_000;
  world.write(({ statistics }) => statistics.sample());
  const [bucket] = world.read((tx) => getHistory(tx, { tier: "minute", from: T0, to: T0 })).buckets;
  expect(bucket).toMatchObject({ open: 3, oldestMs: 10_000 });
});
