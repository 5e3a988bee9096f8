import { outboxDone, outboxDue } from "@prewarm/durable-queue/testing";
import { ENCODED_ID_MAX_BYTES, MISSES_PER_MINUTE } from "@prewarm/shared/limits";
import { describe, expect, it, vi } from "vitest";
import {
  dayBill,
  imageDay,
  MARKER_BYTES,
  monthBill,
  ROW_BYTES,
  usdOf,
  VIEWED_BYTES,
} from "../../../scripts/cost/strangers.ts";
import type { MissAsk, VariantOutcome } from "../../../workers/consumer/src/images/calls.ts";
import { gateChanged } from "../../../workers/consumer/src/ledger/gate-file.ts";
import { STORED, setup, TRANSIENT } from "../../../workers/consumer/src/ledger/testing/setup.ts";
import { type Overrides, testConfig } from "../../../workers/consumer/src/ledger/testing/setup-config.ts";

/*
 * Strangers who know the code, against the ledger that is deployed. Edges let through what their limiters do, and whatever comes until they
 * have read that they are to shed: all that so many networks may send in the minutes until then.
 */

vi.setConfig({ testTimeout: 120_000 });
const DAY_S = 86_400;
const TOLD_MINUTES = 2;
const { known, unknown } = MISSES_PER_MINUTE;

/** A ledger as strangers reach it. */
function setupSite(overrides: Overrides) {
  const made = setup(overrides);
  let n = 0;
  let said = { closed: [] as string[], shedUntil: 0 };
  /** Messages in one batch; keys to check. */
  const send = (asks: Partial<MissAsk>[]): string[] => {
    n += 1;
    const owner = `stranger-${n}`;
    const whole = asks.map((one) => ({ key: "", at: made.clock.ms, ...one }));
    const { check } = made.call(owner, { role: "urgent", room: 0, asks: whole });
    made.leave(owner);
    return check;
  };
  /** What the gate file says to the edges. */
  const told = () => {
    made.transactions.write(gateChanged);
    for (const { kind, body } of made.transactions.write(outboxDue)) {
      if (kind === "gate") said = JSON.parse(body);
      made.transactions.write((tx) => outboxDone(tx, kind, body));
    }
    return said;
  };
  /** A worker makes what may be made, each with this outcome; how many jobs. */
  const work = (outcome: VariantOutcome = STORED): number => {
    n += 1;
    const owner = `worker-${n}`;
    const go = made.ready(owner, made.call(owner).give).filter(({ phase }) => phase === "admitted");
    for (const given of go) {
      made.submit(owner, given);
      made.settle(owner, given, outcome);
    }
    made.leave(owner);
    return go.length;
  };
  const rows = () => Number(made.sql.exec("SELECT count(*) AS n FROM jobs")[0]?.n);
  return { ...made, config: testConfig(overrides), send, told, work, rows };
}
type Site = ReturnType<typeof setupSite>;

/** One whose figures are small enough to be reached within seconds; its table is made by the same rules. */
function site(unknownPerSecond: number): Site {
  const pace = { concurrency: 1_000, ratePerSecond: 100, burst: 1_000 };
  return setupSite({
    limits: { unknownPerSecond },
    gate: pace,
    budget: { month: 2_000, shares: { live: 0.5, liveDay: 0.1 } },
  });
}

function knownIds(length: number, of: number): Partial<MissAsk>[] {
  return Array.from({ length }, (_, n) => ({ key: `known-${of}-${n}/400-high.webp` }));
}

let made = 0;
const madeUp = (length: number): Partial<MissAsk>[] =>
  Array.from({ length }, () => {
    made += 1;
    return { key: `made-up-${made}/400-high.webp`, unknown: true };
  });

interface Tried {
  messages: number;
  checks: number;
}

/** Makes edges shed so many times: the messages and checks until then, and how long it takes, s. */
function loud(one: Site, times: number, addresses: number): Tried & { seconds: number } {
  const { clock } = one;
  const since = clock.ms;
  const sum = { messages: 0, checks: 0 };
  for (let n = 0; n < times; n += 1) {
    for (; one.told().shedUntil <= clock.ms; sum.messages += BATCH) sum.checks += one.send(madeUp(BATCH)).length;
    // Before the last edge has heard of it, the last batch among them; nothing comes of any.
    sum.messages += TOLD_MINUTES * (known + unknown) * addresses - BATCH;
    expect(one.send(madeUp(100))).toEqual([]);
    clock.ms = one.told().shedUntil;
  }
  return { ...sum, seconds: (clock.ms - since) / 1_000 };
}

/** An hour of as many as edges shed nothing for: ten useless ones for each check. */
function patient(one: Site): Tried {
  const { clock } = one;
  const sum = { messages: 0, checks: 0 };
  // Within what the bucket of checks holds, of a minute.
  const step = 50;
  const asks = 11 * step * one.config.limits.unknownPerSecond;
  for (let left = 3_600 / step; left > 0; left -= 1) {
    sum.checks += one.send(madeUp(Math.floor(asks))).length;
    sum.messages += Math.floor(asks);
    expect(one.told().shedUntil).toBe(0);
    clock.advance(step);
  }
  return sum;
}

/** The most of both in so many days: loud so many times, and patient for the rest. */
function junk(addresses: number, days: number): Tried {
  const hour = patient(site(RATE));
  const all = [0, 1, 3, 5, 6, 48].map((times) => {
    const { messages, checks, seconds } = loud(site(RATE), times, addresses);
    // The last time may reach beyond the end, what comes before it may not.
    const hours = Math.max(0, days * 24 - seconds / 3_600);
    return seconds < (days + 0.67) * DAY_S
      ? { messages: messages + hours * hour.messages, checks: checks + hours * hour.checks }
      : { messages: 0, checks: 0 };
  });
  return { messages: Math.max(...all.map((one) => one.messages)), checks: Math.max(...all.map((one) => one.checks)) };
}

/** Misses that come at once while edges shed nothing. */
const BATCH = 50;
const RATE = 0.05;

describe.each([
  ["a day", 1, dayBill],
  ["a month", 30, monthBill],
] as const)("in %s", (_name, days, bill) => {
  it("a thousand addresses come near the checks, messages and dollars of the table, and never above", () => {
    const { config } = site(RATE);
    const most = bill(config, 1_000);
    const { messages, checks } = junk(1_000, days);
    const tried = { ...most, checks: Math.min(checks, most.checks), messages: messages + most.jobs };
    console.log(`${days} d: messages ${tried.messages} of ${most.messages}, checks ${checks} of ${most.checks}`);
    expect(tried.messages).toBeLessThanOrEqual(most.messages);
    expect(tried.messages).toBeGreaterThan(0.8 * most.messages);
    expect(checks).toBeLessThanOrEqual(most.checks);
    expect(checks).toBeGreaterThan(0.9 * most.checks);
    expect(usdOf(config, tried, days)).toBeLessThanOrEqual(most.usd);
    expect(usdOf(config, tried, days)).toBeGreaterThan(0.8 * most.usd);
  });
});

describe("on a day, however many addresses there are", () => {
  it("rows are the checks and the day's slice, jobs the slice, and neither is more", () => {
    const one = site(RATE);
    const { clock, config, rows } = one;
    const most = dayBill(config, 1);
    expect(most).toMatchObject({ rows: dayBill(config, 1_000).rows, jobs: dayBill(config, 1_000).jobs });
    let jobs = 0;
    clock.ms = Date.UTC(2027, 0, 1);
    for (let step = 0; step < 1_440; step += 1, clock.advance(60)) {
      const refused = { code: "animated" as const, message: "it moves", until: clock.ms + DAY_S * 1_000 };
      one.send(one.send(madeUp(11)).map((key) => ({ key, refused })));
      // At the end: once the slice is spent nothing at all is taken.
      if (step > 1_400) one.send(knownIds(8, step));
      jobs += one.work();
    }
    expect(jobs).toBe(most.jobs);
    expect(rows() + jobs).toBeLessThanOrEqual(most.rows);
    expect(rows() + jobs).toBeGreaterThan(0.98 * most.rows);
  });

  it("one image has 64 rows and 320 jobs at most, though each fails as often as it may", () => {
    const one = setupSite({ budget: { month: null } });
    const most = imageDay(one.config);
    let jobs = 0;
    one.clock.ms = Date.UTC(2027, 0, 1);
    for (let hour = 0; hour < 24; hour += 1) {
      one.send(Array.from({ length: 200 }, (_, n) => ({ key: `photo/${16 + n}-high.webp` })));
      for (let left = 55; left > 0; left -= 1, one.clock.advance(60)) jobs += one.work(TRANSIENT);
      one.clock.advance(300);
    }
    expect([one.rows(), jobs]).toEqual([most.rows, most.jobs]);
  });
});

it("a row with the longest id and a marker are as large as the table reckons", () => {
  const one = setupSite({ budget: { month: null } });
  const [before, n] = [one.sql.bytes, 1_000];
  const refused = { code: "unsupported" as const, message: "m".repeat(200), until: one.clock.ms + DAY_S * 1_000 };
  for (let i = 0; i < n; i += 1)
    one.send([{ key: `${String(i).padEnd(ENCODED_ID_MAX_BYTES, "x")}/400-high.webp`, refused }]);
  const each = (one.sql.bytes - before) / n;
  expect(one.rows()).toBe(n);
  expect(each).toBeLessThan(ROW_BYTES + VIEWED_BYTES);
  expect(each).toBeGreaterThan(0.5 * (ROW_BYTES + VIEWED_BYTES));
  expect(JSON.stringify({ code: "original_unaddressable", until: Date.UTC(2100) }).length).toBeLessThan(MARKER_BYTES);
});
