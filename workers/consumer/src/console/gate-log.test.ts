import { closeBreaker } from "@prewarm/durable-queue";
import { noteThrottled, openBreaker } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import { setup } from "../ledger/testing/setup.ts";

type World = ReturnType<typeof setup>;

const logOf = ({ ledger }: Pick<World, "ledger">, query: { from?: number; to?: number } = {}) =>
  ledger.listAudit({ limit: 50, cursor: null, ...query }).entries.map(({ at, who, what, target, details }) => {
    return { at, who, what, target, details };
  });

it("the breaker's opening and closing are in the log, once each, and after an eviction no second time", () => {
  const world = setup();
  const { transactions, clock, evict } = world;
  const opened = clock.ms;
  transactions.write((tx) => openBreaker(tx.gateNow, { status: 402, reason: "billing" }));
  transactions.write((tx) => openBreaker(tx.gateNow, { status: 402, reason: "billing" }));
  clock.advance(60);
  transactions.write((tx) => closeBreaker(tx.gateNow));
  evict().transactions.write((tx) => void tx.gateNow.state.updatedAt);
  expect(logOf(world)).toEqual([
    { at: clock.ms, who: "automatic", what: "breaker.closed", target: null, details: {} },
    {
      at: opened,
      who: "automatic",
      what: "breaker.opened",
      target: null,
      details: { reason: "billing", status: 402, probeAt: expect.any(Number) },
    },
  ]);
});

it("a limit that moves by a fifth is in the log, with the reason; smaller moves are not", () => {
  const world = setup({ gate: { concurrency: "auto", ratePerSecond: 20 } });
  const { transactions, clock } = world;
  const lower = () => {
    clock.advance(10);
    transactions.write((tx) => noteThrottled(tx.gateNow));
  };
  lower();
  const [first] = logOf(world);
  expect(first).toMatchObject({ who: "automatic", what: "limit.moved", target: "concurrency" });
  expect(first?.details).toMatchObject({ why: "Lowered: Ittybit answered 429." });
  transactions.write(({ gate }) => {
    if (gate.auto.concurrency !== null) gate.auto.concurrency.value *= 1.1;
  });
  expect(logOf(world)).toHaveLength(1);
});

it("the log filters by time, both ends included", () => {
  const world = setup();
  const { transactions, clock } = world;
  const at = clock.ms;
  transactions.write((tx) => openBreaker(tx.gateNow, { status: 402, reason: "billing" }));
  clock.advance(60);
  transactions.write((tx) => closeBreaker(tx.gateNow));
  const what = (query: { from?: number; to?: number }) => logOf(world, query).map((entry) => entry.what);
  expect(what({ from: at, to: at })).toEqual(["breaker.opened"]);
  expect(what({ from: at + 1 })).toEqual(["breaker.closed"]);
  expect(what({ to: at - 1 })).toEqual([]);
});
