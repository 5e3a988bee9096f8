import { GO_FEW, GO_MAX } from "@prewarm/durable-queue";
import { learnJobMs, wakesDue } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { nextAlarmOf } from "../../src/ledger/testing/next-alarm-of.ts";
import { setup } from "../../src/ledger/testing/setup.ts";

const WIDE = { gate: { concurrency: 500, ratePerSecond: 500, burst: 500 }, budget: { month: null } };

describe("wake-ups", () => {
  it("are as many as workers are missing; each is under way until one comes, or for half a minute", () => {
    const world = setup(WIDE);
    world.accept(...Array.from({ length: 2_000 }, (_, n) => `image-${n}/400-high.webp`));
    const wakes = () => world.transactions.read(wakesDue);
    expect(wakes()).toBe(24);
    expect(wakes()).toBe(0);
    for (let n = 0; n < 3; n += 1) world.call(`worker-${n}`);
    expect(wakes()).toBe(0);
    world.clock.advance(30);
    // The three have not called for 20 s either.
    expect(wakes()).toBe(24);
  });
});

describe("workers are not called", () => {
  const KEY = "a/400-high.webp";
  const UNCLEAR = { kind: "unclear", failure: { code: "upstream_unreachable", message: "no answer" } } as const;

  it("for a POST to be asked again while its lane is closed, and the alarm sleeps", () => {
    const { clock, ledger, granted, settle, leave, transactions } = setup();
    settle("o", granted("o", KEY), UNCLEAR);
    leave("o");
    ledger.patchGate({ paused: { bulk: true } }, "test");
    clock.advance(120);
    expect(transactions.read(wakesDue)).toBe(0);
    expect(transactions.read(nextAlarmOf)).toBeGreaterThanOrEqual(clock.ms + 500_000);
    ledger.patchGate({ paused: { bulk: false } }, "test");
    expect(transactions.read(wakesDue)).toBe(1);
  });

  it("for the rate that the first short jobs promise, until such jobs have ended for five seconds", () => {
    const ledger = setup(WIDE);
    ledger.accept(...Array.from({ length: 1_000 }, (_, n) => `image-${n}/400-high.webp`));
    let came = 0;
    /** Wake-ups until no more are due: each of them brings a worker. */
    const wakes = () => {
      const before = came;
      for (let due = ledger.transactions.read(wakesDue); due > 0; due = ledger.transactions.read(wakesDue))
        for (let n = 0; n < due; n += 1) ledger.call(`worker-${came++}`);
      return came - before;
    };
    const endsAfter = (ms: number) => ledger.transactions.read((tx) => learnJobMs(tx.gateNow, ms));
    expect(wakes()).toBe(24);
    endsAfter(300);
    ledger.clock.advance(1);
    expect(wakes()).toBe(0);
    ledger.clock.advance(4);
    endsAfter(300);
    expect(wakes()).toBe(55 - 24);
  });

  it("for a slow job until it is seen to end", () => {
    const { clock, granted, submit, leave, transactions, ended } = setup();
    submit("o", granted("o", KEY), "j1");
    leave("o");
    clock.advance(3_600);
    expect(transactions.read(wakesDue)).toBe(0);
    ended("j1");
    expect(transactions.read(wakesDue)).toBe(1);
  });
});

describe("workers beyond what the gate wants", () => {
  const gate = { concurrency: 200, ratePerSecond: 40, burst: 20 };
  const budget = { month: null };
  const keys = Array.from({ length: 200 }, (_, n) => `image-${n}/400-high.webp`);

  it("are let go though they hold jobs, the youngest first", () => {
    const { ledger, accept, call, clock } = setup({ gate, budget });
    accept(...keys);
    const owners = ["a", "b", "c", "d", "e"];
    for (const owner of owners) {
      expect(call(owner).give.length).toBeGreaterThan(0);
      clock.advance(0.01);
    }
    // Three bring through 20 a second.
    ledger.patchGate({ rate: 20 }, "test");
    expect(owners.filter((owner) => call(owner).stay)).toEqual(["a", "b", "c"]);
  });

  it("are given nothing that they would put down at once", () => {
    const { accept, call, clock } = setup({ gate: { ...gate, ratePerSecond: 20 }, budget });
    accept(...keys);
    for (const owner of ["a", "b", "c"]) {
      expect(call(owner).stay).toBe(true);
      clock.advance(0.01);
    }
    expect(call("d")).toMatchObject({ give: [], stay: false });
  });
});

describe("a worker counts as at work no more", () => {
  it("once it has not called for 20 s, however long its lease is: others are called in its place", () => {
    const { accept, call, clock, transactions } = setup();
    accept("a/400-high.webp", "b/400-high.webp");
    expect(transactions.read(wakesDue)).toBe(1);
    call("o");
    clock.advance(15);
    expect(transactions.read(wakesDue)).toBe(0);
    accept("c/400-high.webp");
    clock.advance(5);
    expect(transactions.read(wakesDue)).toBe(1);
    expect(call("p")).toMatchObject({ give: [{ key: "c/400-high.webp" }], stay: true });
  });
});

describe("many workers", () => {
  /** 50 slots, and so many workers; the first one holds two dozen jobs. */
  function crowd(others: number) {
    const world = setup({ gate: { concurrency: 50, ratePerSecond: 500, burst: 500 }, budget: { month: null } });
    world.accept(...Array.from({ length: 500 }, (_, n) => `image-${n}/400-high.webp`));
    world.clock.advance(2);
    const { give } = world.call("first");
    const names = Array.from({ length: others }, (_, n) => `other-${n}`);
    for (const name of names) world.call(name);
    // What it went for before is told again.
    const goes = () => world.ready("first", give).filter(({ phase }) => phase === "admitted").length;
    return { ...world, names, goes };
  }

  it("each POST no more than their connections send while fewer slots are free than workers are there", () => {
    const many = crowd(45);
    expect([many.goes(), many.goes()]).toEqual([GO_MAX, GO_MAX + GO_FEW]);
    const few = crowd(3);
    expect([few.goes(), few.goes()]).toEqual([GO_MAX, 2 * GO_MAX]);
  });

  it("call less often than few, so that a call serves more jobs", () => {
    const againOf = (others: number): number => {
      const { call, clock, names } = crowd(others);
      clock.advance(1);
      return call(names[0] ?? "").again;
    };
    expect([2, 8, 12, 20].map(againOf)).toEqual([450, 450, 520, 620]);
  });
});
