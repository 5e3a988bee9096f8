import { CANCELLED, CANCELLING } from "@prewarm/durable-queue";
import { describe, expect, it } from "vitest";
import { chunkOf } from "../ledger/testing/chunk-of.ts";
import { PERMANENT, setup, TRANSIENT } from "../ledger/testing/setup.ts";
import { passDone } from "./sweeps.ts";

const KEY = "a/400-high.webp";
const OTHER = "a/800-high.webp";
const told = (at: string, sourceEtag: string | null = null) => ({
  run: "r",
  keys: [KEY],
  originals: [{ id: "a", order: at, sourceEtag }],
});

describe("a new original", () => {
  it("outdates all variants; an older or equal order changes nothing", () => {
    const { row, order, made, image } = setup();
    const { gen } = made(KEY);
    order(told("9"));
    const first = row(KEY)!;
    expect(image("a").floor).toBeGreaterThan(gen);
    expect(first.gen).toBeGreaterThan(image("a").floor);
    order(told("8"));
    order(told("9"));
    expect(row(KEY)?.gen).toBe(first.gen);
    order(told("10")); // longer is newer
    expect(row(KEY)?.gen).toBeGreaterThan(first.gen);
  });

  it("is another etag under an equal order, and not the same etag under a later order", () => {
    const { row, order } = setup();
    order(told("1", "x"));
    const { gen } = row(KEY)!;
    order(told("2", "x"));
    expect(row(KEY)?.gen).toBe(gen);
    order(told("2", "y"));
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("is another etag alone; the first etag counts as that of the stored variants", () => {
    const { row, order } = setup();
    const alone = (sourceEtag: string) => ({
      run: "r",
      keys: [KEY],
      originals: [{ id: "a", order: null, sourceEtag }],
    });
    order(alone("x"));
    const { gen } = row(KEY)!;
    order(alone("x"));
    expect(row(KEY)?.gen).toBe(gen);
    order(alone("y"));
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("makes claims of workers stale, which must drop them; their jobs keep their slots", () => {
    const { order, granted, submit, call, settle, abandoned, row } = setup();
    const go = granted("o", KEY);
    submit("o", go, "j1");
    order(told("1"));
    expect(call("o").stop).toEqual([{ id: go.id, gen: go.gen }]);
    expect(call("p").give).toEqual([]);
    settle("o", go, { kind: "stopped" });
    expect(abandoned()).toMatchObject([{ gen: go.gen, job: "j1" }]);
    expect(call("p").give).toMatchObject([{ key: KEY, gen: row(KEY)?.gen }]);
  });

  it("is made at once, also if a job of the old one has failed and waits", () => {
    const { clock, call, granted, leave, order, row, settle } = setup();
    order(told("1"));
    settle("o", granted("o", KEY), TRANSIENT);
    leave("o");
    expect(row(KEY)?.due).toBeGreaterThan(clock.ms);
    expect(call("p").give).toEqual([]);
    order({ ...told("2"), keys: [OTHER] });
    expect(call("p").give.map(({ key }) => key)).toContain(KEY);
  });

  it("cancels a job that was to be cancelled and whose handler an eviction has forgotten", () => {
    const { accept, call, cancel, evict, order, ready, row } = setup();
    accept(KEY);
    ready("o", call("o", { brief: true }).give);
    order({ keys: [KEY], force: true });
    cancel(KEY);
    expect(row(KEY)?.state).toBe(CANCELLING);
    const chunk = chunkOf({ ...told("1"), keys: [OTHER] }, { id: "later", chunk: 0, hash: "h" });
    evict().acceptChunk(chunk);
    expect(row(KEY)?.state).toBe(CANCELLED);
  });

  it("ends such a job for the runs that asked for it, also when the same call orders it again", () => {
    const { call, cancel, evict, order, ready, transactions } = setup();
    order({ run: "first", keys: [KEY] });
    order({ run: "second", keys: [KEY] });
    ready("o", call("o", { brief: true }).give);
    order({ run: "first", keys: [KEY], force: true });
    cancel(KEY);
    evict().acceptChunk(chunkOf({ ...told("1"), run: "third" }, { id: "later", chunk: 0, hash: "h" }));
    const states = (run: string) => transactions.read((tx) => tx.runs.byId(run)?.states);
    const cancelled = [0, 0, 0, 0, 1, 0, 0];
    expect([states("first"), states("second")]).toEqual([cancelled, cancelled]);
  });

  it("lets views ask again for dead variants", () => {
    const { order, granted, settle, view } = setup();
    settle("o", granted("o", OTHER), PERMANENT);
    expect(view("v", OTHER).give).toEqual([]);
    order(told("1"));
    expect(view("w", OTHER).give).toMatchObject([{ key: OTHER, phase: "admitted" }]);
  });

  it("orders the other variants in R2 again, at once and 16 minutes later", () => {
    const { order, transactions, passes, clock, row } = setup();
    order(told("1"));
    const [first] = passes();
    expect(first).toMatchObject({ id: "a", kind: "remake", pass: 1 });
    const { gen: newest } = row(KEY)!;
    const found = [
      { key: OTHER, gen: 5 },
      { key: "a/1200-high.webp", gen: newest + 1 },
    ];
    transactions.write((tx) => passDone(tx, first!, found));
    expect(row(OTHER)).toMatchObject({ lane: 2, state: 0, due: clock.ms });
    expect(row("a/1200-high.webp")).toBeNull();
    clock.advance(16 * 60);
    const [second] = passes();
    transactions.write((tx) => passDone(tx, second!, [{ key: "a/1600-high.webp", gen: 6 }]));
    expect(row("a/1600-high.webp")).toMatchObject({ lane: 2, state: 0, due: clock.ms });
  });

  it("leaves its image unlocked: open jobs are handed out during a pass", () => {
    const { order, passes, call, image } = setup();
    order(told("1"));
    expect(passes()).toHaveLength(1);
    expect(image("a").locked).toBe(false);
    expect(call("o").give).toMatchObject([{ key: KEY }]);
  });
});
