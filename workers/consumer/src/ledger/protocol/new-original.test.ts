import { describe, expect, it } from "vitest";
import { PERMANENT, setup, TRANSIENT } from "../testing/setup.ts";
import { renewalsDue, renewed } from "./new-original.ts";

const KEY = "a/400-high.webp";
const OTHER = "a/800-high.webp";
const told = (at: string, sourceEtag: string | null = null) => ({
  run: "r",
  keys: [KEY],
  originals: [{ id: "a", order: at, sourceEtag }],
});

describe("a new original", () => {
  it("outdates what was made: an older or equal order changes nothing", () => {
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

  it("is told by another etag under an equal order, and not by the same one under a later order", () => {
    const { row, order } = setup();
    order(told("1", "x"));
    const { gen } = row(KEY)!;
    order(told("2", "x"));
    expect(row(KEY)?.gen).toBe(gen);
    order(told("2", "y"));
    expect(row(KEY)?.gen).toBeGreaterThan(gen);
  });

  it("is told by another etag alone; the first one is taken for that of what is stored", () => {
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

  it("makes stale what a worker holds, who is told to drop it; its job keeps its slot", () => {
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

  it("is made at once, also where what was made of the older one failed and is to wait", () => {
    const { clock, call, granted, leave, order, row, settle } = setup();
    order(told("1"));
    settle("o", granted("o", KEY), TRANSIENT);
    leave("o");
    expect(row(KEY)?.due).toBeGreaterThan(clock.ms);
    expect(call("p").give).toEqual([]);
    order({ ...told("2"), keys: [OTHER] });
    expect(call("p").give.map(({ key }) => key)).toContain(KEY);
  });

  it("lets views ask again for what was dead", () => {
    const { order, granted, settle, view } = setup();
    settle("o", granted("o", OTHER), PERMANENT);
    expect(view("v", OTHER).give).toEqual([]);
    order(told("1"));
    expect(view("w", OTHER).give).toMatchObject([{ key: OTHER, phase: "go" }]);
  });

  it("looks into R2 for what else exists, at once and 16 minutes later, and makes it anew", () => {
    const { order, transactions, clock, row } = setup();
    order(told("1"));
    const [task] = transactions.write(renewalsDue);
    expect(task).toMatchObject({ id: "a", look: 1 });
    expect(transactions.write(renewalsDue)).toEqual([]);
    const { gen: newest } = row(KEY)!;
    transactions.write((tx) =>
      renewed(tx, task!, [
        { key: OTHER, gen: 5 },
        { key: "a/1200-high.webp", gen: newest + 1 },
      ]),
    );
    expect(row(OTHER)).toMatchObject({ lane: 2, state: 0, due: clock.ms });
    expect(row("a/1200-high.webp")).toBeNull();
    clock.advance(16 * 60 - 1);
    expect(transactions.write(renewalsDue)).toEqual([]);
    clock.advance(1);
    const [second] = transactions.write(renewalsDue);
    expect(second).toMatchObject({ id: "a", look: 2 });
    transactions.write((tx) => renewed(tx, second!, []));
    clock.advance(3_600);
    expect(transactions.write(renewalsDue)).toEqual([]);
  });

  it("looks anew when a look has not been reported", () => {
    const { order, transactions, clock } = setup();
    order(told("1"));
    const [task] = transactions.write(renewalsDue);
    clock.advance(120);
    expect(transactions.write(renewalsDue)).toEqual([task]);
  });
});
