import { expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

const DAY_S = 86_400;
const keys = (n: number) => Array.from({ length: n }, (_, at) => `a-${at}/400-high.webp`);

/** 24 November, noon; before it so many jobs were sent on each of the last days, the latest first. */
function world(monthlyJobs: number | null, ...days: number[]) {
  const made = setup({ gate: { concurrency: 50, ratePerSecond: 100, burst: 100, monthlyJobs, warmingShare: 1 } });
  const { clock, transactions, ledger } = made;
  days.forEach((n, ago) => {
    const day = new Date(clock.ms - (ago + 1) * DAY_S * 1000).toISOString().slice(0, 10);
    transactions.write((tx) => tx.addUsed("bulk", day, n));
  });
  /** For so many seconds as many jobs of others end each second. */
  const end = (seconds: number, n: number) => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1);
      transactions.write((tx) => tx.count("stored", n));
    }
  };
  const daysUntil = (at: number | null) => (at === null ? null : (at - clock.ms) / 1000 / DAY_S);
  return { ...made, end, daysUntil, forecast: () => ledger.stats().forecast };
}

it("a month is what was sent, what waits, and usual days for the rest of it", () => {
  const { forecast, order } = world(null, 10, 10, 10);
  order({ run: "r", keys: keys(500) });
  // Six and a half days are left.
  expect(forecast()).toEqual({ jobs: 30 + 500 + 65, queued: 500, usual: 65, exhaustedAt: null });
});

it("one large day is no usual day", () => {
  const { forecast } = world(null, 10, 80_000, 10, 10, 10);
  expect(forecast()).toMatchObject({ jobs: 80_040 + 65, usual: 65 });
});

it("what a lane that is paused without an end holds is not sent; what is paused for an hour is", () => {
  const { forecast, order, ledger, clock } = world(null);
  order({ run: "r", keys: keys(500) });
  ledger.patchGate({ paused: { bulk: { until: clock.ms + 3_600_000 } } }, "ops");
  expect(forecast()).toMatchObject({ jobs: 500, queued: 500 });
  ledger.patchGate({ paused: { bulk: { reason: "for good" } } }, "ops");
  expect(forecast()).toMatchObject({ jobs: 0, queued: 0 });
});

it("what this month has no time for is not sent in it", () => {
  const { forecast, order, end, clock } = world(null);
  // The 30th, ten seconds before midnight.
  clock.advance(6.5 * DAY_S - 90);
  order({ run: "r", keys: keys(500) });
  end(20, 3);
  expect(forecast()).toMatchObject({ jobs: 30, queued: 30 });
});

it("a budget is spent by what waits at the present pace, then by usual days", () => {
  const waits = world(100, 10, 10);
  waits.order({ run: "r", keys: keys(200) });
  waits.end(20, 2);
  // 80 are left, two a second.
  expect(waits.forecast()).toMatchObject({ jobs: 100, queued: 80, usual: 0 });
  expect(((waits.forecast().exhaustedAt ?? 0) - waits.clock.ms) / 1000).toBe(40);
  const usual = world(60, 10, 10);
  expect(usual.daysUntil(usual.forecast().exhaustedAt)).toBe(4);
  expect(world(100, 10, 10).forecast()).toMatchObject({ jobs: 85, exhaustedAt: null });
});
