import { outboxDone, outboxDue } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { gateChanged } from "../../src/ledger/gate-file.ts";
import { STORED, setup } from "../../src/ledger/testing/setup.ts";

/** Viewers may have five jobs a day, and all the others a hundred times as many. */
const budget = { month: 1_000, shares: { live: 0.5, liveDay: 0.01 } };

function world() {
  const made = setup({ budget });
  /** One worker goes on for a minute; what it has stored. */
  const minute = (): string[] => {
    const stored: string[] = [];
    const have = new Map<number, { id: number; gen: number; phase: "ready" }>();
    for (let second = 0; second < 60; second += 1, made.clock.advance(1)) {
      const { give, stop } = made.call("worker", { room: 40 - have.size, have: [...have.values()] });
      for (const { id } of stop) have.delete(id);
      for (const one of give) {
        have.set(one.id, { id: one.id, gen: one.gen, phase: "ready" });
        if (one.phase !== "admitted") continue;
        made.settle("worker", one, STORED);
        stored.push(one.key);
        have.delete(one.id);
      }
    }
    return stored;
  };
  const keys = (name: string, n: number) => Array.from({ length: n }, (_, i) => `${name}-${i}/400-high.webp`);
  return { ...made, minute, keys };
}

describe("strangers who have spent the viewers' day", () => {
  it("keep no upload waiting, however much they asked for at once", () => {
    const { view, leave, accept, minute, keys } = world();
    view("strangers", ...keys("theirs", 500));
    leave("strangers");
    accept(...keys("ours", 20));
    expect(minute().filter((key) => key.startsWith("ours"))).toHaveLength(20);
  });

  it("keep nothing waiting by looking at it while it waits", () => {
    const { view, leave, accept, minute, keys } = world();
    accept(...keys("ours", 50));
    view("strangers", ...keys("ours", 50));
    leave("strangers");
    expect(minute()).toHaveLength(50);
  });

  it("leave no rows that wait for tomorrow", () => {
    const { view, leave, minute, keys, sql } = world();
    view("strangers", ...keys("theirs", 500));
    leave("strangers");
    expect(minute()).toHaveLength(5);
    expect(sql.exec("SELECT * FROM jobs")).toEqual([]);
  });
});

it("a lane that is paused keeps no other one from the workers", () => {
  const { ledger, order, minute, keys } = world();
  order({ run: "u", lane: "upload", keys: keys("paused", 200) });
  ledger.patchGate({ paused: { upload: true } }, "test");
  order({ run: "b", lane: "bulk", keys: keys("bulk", 20) });
  expect(minute().filter((key) => key.startsWith("bulk"))).toHaveLength(20);
});

it("what viewers ask for again, though it is under way, makes edges shed for an hour at last", () => {
  const { view, call, clock, transactions, ledger } = setup({
    limits: { unknownPerSecond: 0.01 },
    gate: { concurrency: 1 },
  });
  const key = "waits/400-high.webp";
  const toldShed = (): number => {
    transactions.write(gateChanged);
    const [file] = transactions.write(outboxDue);
    if (file !== undefined) transactions.write((tx) => outboxDone(tx, file.kind, file.body));
    return file === undefined ? 0 : JSON.parse(file.body).shedUntil;
  };
  view("first", "other/400-high.webp", key);
  call("again", { role: "urgent", room: 0, asks: Array.from({ length: 999 }, () => ({ key, at: clock.ms })) });
  expect(toldShed()).toBe(0);
  call("once", {
    role: "urgent",
    room: 0,
    asks: [
      { key, at: clock.ms },
      { key, at: clock.ms },
    ],
  });
  expect(toldShed()).toBe(clock.ms + 3_600_000);
  const isShedding = () => ledger.getGate().reasons.some(({ lane, code }) => lane === "live" && code === "shed");
  expect(isShedding()).toBe(true);
  clock.advance(3_600);
  expect(isShedding()).toBe(false);
});
