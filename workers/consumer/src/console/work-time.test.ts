import { expect, it } from "vitest";
import { emptySlice, type Minutes, mergeSlices, TIERS_MS } from "./tables/history.ts";
import { minutesOfPace, speedOf, WorkTime } from "./work-time.ts";

/** Jobs of `jobMs` that are admitted once a second but for a hold; the pace at each second after the hold. */
function pacesAfterHold(jobMs: number, hold: { from: number; to: number }): (number | null)[] {
  const work = new WorkTime(0);
  const minutes: Minutes = {};
  const paces: (number | null)[] = [];
  const isHeld = (at: number) => at >= hold.from && at < hold.to;
  work.begin(0);
  for (let at = 0; at < hold.to + 200_000; at += 1_000) {
    work.hold(at, isHeld(at) ? hold.to : null, jobMs);
    const admittedAt = at - jobMs;
    const ms = admittedAt >= 0 && !isHeld(admittedAt) ? work.end(at) : null;
    if (ms !== null) mergeSlices(minutes, { [at]: { ...emptySlice(), work: { ended: 1, ms } } }, TIERS_MS.minute);
    if (at >= hold.to) paces.push(speedOf(minutes, work.silentMs(at))?.perSecond ?? null);
  }
  return paces;
}

it.each([
  [1_000, 30_000],
  [45_000, 30_000],
  [45_000, 600_000],
  [5_000, 3_600_000],
])("a hold shows in the ends by the time of a job later: jobs of %d ms, a hold of %d ms", (jobMs, heldMs) => {
  const paces = pacesAfterHold(jobMs, { from: 300_000, to: 300_000 + heldMs });
  expect(Math.min(...paces.map(Number))).toBeGreaterThan(0.95);
  expect(Math.max(...paces.map(Number))).toBeLessThan(1.05);
});

it("keeps ten minutes at most, also where holds leave a second of work in each", () => {
  const minute = (n: number) => [n * TIERS_MS.minute, { ...emptySlice(), work: { ended: 2, ms: 1_000 } }];
  const minutes: Minutes = Object.fromEntries(Array.from({ length: 90 }, (_, n) => minute(n)));
  expect(minutesOfPace(minutes).map((at) => at / TIERS_MS.minute)).toEqual([89, 88, 87, 86, 85, 84, 83, 82, 81, 80]);
  expect(speedOf(minutes, 0)?.perSecond).toBe(2);
});
