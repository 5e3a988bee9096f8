import { outboxDone, outboxDue } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import { gateChanged } from "../gate-file.ts";
import { nextAlarmOf } from "../testing/next-alarm-of.ts";
import { setup } from "../testing/setup.ts";

it("a pause says who, since when, why and until when, and ends by itself", () => {
  const { clock, ledger, transactions, order, call, ready, leave } = setup();
  order({ keys: ["a/1-high.webp"] });
  const until = clock.ms + 3_600_000;
  const gate = ledger.patchGate({ paused: { bulk: { reason: "a migration", until } } }, "ops");
  expect(gate.pauses.bulk).toEqual({ who: "ops", since: clock.ms, reason: "a migration", until });
  expect(gate.reasons).toEqual([
    {
      lane: "bulk",
      code: "paused",
      until,
      message: "Lane bulk is paused since 2026-11-24T12:01Z by ops until 2026-11-24T13:01Z: a migration.",
    },
  ]);
  expect(ready("w", call("w").give)).toEqual([]);
  leave("w");
  expect(transactions.read(nextAlarmOf)).toBeLessThanOrEqual(until);
  clock.advance(3_600);
  expect(ledger.getGate().paused.bulk).toBe(false);
  expect(ready("x", call("x").give).map(({ phase }) => phase)).toEqual(["admitted"]);
});

it("the alarm rings at a pause's end though nothing waits, so that the edge is told", () => {
  const { clock, ledger, transactions } = setup();
  const until = clock.ms + 3_600_000;
  ledger.patchGate({ paused: { live: { until } } }, "ops");
  transactions.write(gateChanged);
  for (const { kind, body } of transactions.write(outboxDue)) transactions.write((tx) => outboxDone(tx, kind, body));
  expect(transactions.read(nextAlarmOf)).toBe(until);
  clock.advance(3_600);
  transactions.write(gateChanged);
  expect(transactions.write(outboxDue).map(({ body }) => JSON.parse(body).closed)).toEqual([[]]);
});

it("pausing what is paused keeps who did it and when", () => {
  const { clock, ledger } = setup();
  const { since } = ledger.patchGate({ paused: { bulk: true } }, "first").pauses.bulk!;
  clock.advance(60);
  expect(ledger.patchGate({ paused: { bulk: true } }, "second").pauses.bulk).toMatchObject({ who: "first", since });
});

it("the last change is undone once, by its time; the log has what stood before", () => {
  const { clock, ledger } = setup();
  const before = ledger.getGate();
  expect(before.undo).toBeNull();
  ledger.patchGate({ rate: 5, paused: { upload: true } }, "ops");
  const { undo, rate } = ledger.getGate();
  expect([undo?.who, rate.perSecond]).toEqual(["ops", 5]);
  expect(ledger.listAudit({ cursor: null, limit: 1 }).entries[0]?.details).toMatchObject({
    before: { rate: before.rate, paused: { upload: false } },
  });
  clock.advance(1);
  ledger.patchGate({ undo: clock.ms }, "other");
  expect(ledger.getGate().rate.perSecond).toBe(5);
  for (const who of ["ops", "ops again"]) ledger.patchGate({ undo: undo!.at }, who);
  expect(ledger.getGate()).toMatchObject({ limits: before.limits, paused: before.paused, undo: null });
});

it.each([
  ["nothing", {}],
  ["a lane that runs", { paused: { upload: false } }],
  ["a lane that is paused so", { paused: { bulk: true } }],
  ["a lane that is paused so, with its reason", { paused: { bulk: { reason: "a migration" } } }],
  ["a breaker that is closed", { breaker: { state: "closed" as const } }],
  ["an undo of no change", { undo: 1 }],
  ["the limits as they are", { rate: { perSecond: 20, burst: 5 }, concurrency: 30, budget: { monthlyJobs: 1_000 } }],
])("a change of %s writes no line of the log, and leaves the last change to undo", (_, patch) => {
  const { clock, ledger } = setup({ gate: { ratePerSecond: 20, burst: 5, concurrency: 30 }, budget: { month: 1_000 } });
  ledger.patchGate({ paused: { bulk: { reason: "a migration" } } }, "ops");
  const log = () => ledger.listAudit({ cursor: null, limit: 10 }).entries;
  const before = [ledger.getGate(), log()];
  clock.advance(60);
  ledger.patchGate(patch, "another");
  expect([ledger.getGate(), log()]).toEqual(before);
});

it("the log names the parts of a change that differ, and no others", () => {
  const { ledger } = setup({ gate: { concurrency: 30 }, budget: { month: 1_000 } });
  ledger.patchGate({ paused: { bulk: true, upload: false }, concurrency: 30, budget: { monthlyJobs: 2_000 } }, "ops");
  const { details } = ledger.listAudit({ cursor: null, limit: 1 }).entries[0] ?? {};
  expect(details).toEqual({
    paused: { bulk: true },
    budget: { monthlyJobs: 2_000 },
    before: { paused: { bulk: false }, budget: { monthlyJobs: 1_000 } },
  });
});
