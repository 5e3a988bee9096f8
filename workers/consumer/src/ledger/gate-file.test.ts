import { outboxDone, outboxDue } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { gateChanged } from "./gate-file.ts";
import { nextAlarmOf } from "./testing/next-alarm-of.ts";
import { setup } from "./testing/setup.ts";

const KEY = "a/400-high.webp";

it("the gate file is published when what the edge should know changes, and tried until it is", () => {
  const { clock, ledger, transactions } = setup();
  transactions.write(gateChanged);
  expect(transactions.write(outboxDue)).toEqual([]);
  ledger.patchGate({ paused: { live: true } }, "test");
  transactions.write(gateChanged);
  const [due] = transactions.write(outboxDue);
  expect(JSON.parse(due!.body)).toEqual({
    closed: ["live"],
    reason: "Lane live is paused by an operator.",
    shedUntil: 0,
    at: clock.ms,
  });
  expect(transactions.write(outboxDue)).toEqual([]);
  clock.advance(2);
  expect(transactions.write(outboxDue)).toHaveLength(1);
  transactions.write((tx) => outboxDone(tx, "gate", due!.body));
  clock.advance(3_600);
  transactions.write(gateChanged);
  expect(transactions.write(outboxDue)).toEqual([]);
  ledger.patchGate({ paused: { live: false } }, "test");
  transactions.write(gateChanged);
  expect(JSON.parse(transactions.write(outboxDue)[0]!.body)).toMatchObject({ closed: [], reason: null });
});

it("the gate file is published after a restore, whatever it said before", () => {
  const { clock, ledger, transactions } = setup();
  const published = () => {
    transactions.write(gateChanged);
    return transactions.write(outboxDue).map(({ kind, body }) => {
      transactions.write((tx) => outboxDone(tx, kind, body));
      return JSON.parse(body).closed;
    });
  };
  ledger.restored("test");
  expect(published()).toEqual([["live", "upload", "bulk"]]);
  expect(published()).toEqual([]);
  // The alarm tells the edge that the two minutes are over, though nothing waits and nobody calls.
  expect(transactions.read(nextAlarmOf)).toBeLessThanOrEqual(clock.ms + 120_000);
  clock.advance(121);
  expect(published()).toEqual([[]]);
});

describe("a closed lane that the edge was told of, while nothing waits", () => {
  /** What the alarm does about the gate file; what it says then. */
  function publish({ transactions }: ReturnType<typeof setup>): string[] {
    transactions.write(gateChanged);
    const [file] = transactions.write(outboxDue);
    if (file !== undefined) transactions.write((tx) => outboxDone(tx, file.kind, file.body));
    return file === undefined ? [] : JSON.parse(file.body).closed;
  }

  it("is told to be open when its breaker's wait is over", () => {
    const world = setup();
    const { clock, ledger, transactions, view, settle, cancel } = world;
    settle("v", view("v", KEY).give[0]!, { kind: "account", status: 402, message: "payment required" });
    cancel(KEY);
    world.leave("v");
    expect(publish(world)).toContain("live");
    const { probeAt } = ledger.getGate().breaker;
    expect(transactions.read(nextAlarmOf)).toBe(probeAt);
    clock.ms = probeAt ?? 0;
    transactions.write(gateChanged);
    expect(JSON.parse(transactions.write(outboxDue)[0]!.body).closed).toEqual([]);
  });

  it("is told to be open when the month turns whose budget is spent", () => {
    const world = setup({ budget: { month: 1, shares: { warming: 1, live: 1, liveDay: 1 } } });
    world.made(KEY);
    world.leave("maker");
    expect(publish(world)).toContain("live");
    expect(world.transactions.read(nextAlarmOf)).toBe(Date.UTC(2026, 11, 1));
    world.clock.ms = Date.UTC(2026, 11, 1);
    world.transactions.write(gateChanged);
    expect(JSON.parse(world.transactions.write(outboxDue)[0]!.body).closed).toEqual([]);
  });

  it("rings for nobody while an operator has paused it, or once it is told to be open", () => {
    const world = setup();
    world.ledger.patchGate({ paused: { live: true } }, "test");
    expect(publish(world)).toEqual(["live"]);
    expect(world.transactions.read(nextAlarmOf)).toBeNull();
    world.ledger.patchGate({ paused: { live: false } }, "test");
    publish(world);
    expect(world.transactions.read(nextAlarmOf)).toBeNull();
  });
});
