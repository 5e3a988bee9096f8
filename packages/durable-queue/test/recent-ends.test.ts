import { expect, it } from "vitest";
import { RecentEnds } from "../src/schema/recent-ends.ts";

/** Jobs of `jobMs` that are admitted once a second but for a hold; the pace at each second after the hold. */
function pacesAfterHold(jobMs: number, hold: { from: number; to: number }): (number | null)[] {
  const ends = new RecentEnds();
  const paces: (number | null)[] = [];
  const isHeld = (at: number) => at >= hold.from && at < hold.to;
  for (let at = 0; at < hold.to + 200_000; at += 1_000) {
    ends.hold(at, isHeld(at) ? hold.to : null, jobMs);
    const admittedAt = at - jobMs;
    if (admittedAt >= 0 && !isHeld(admittedAt)) ends.note(at, 1);
    if (at >= hold.to) paces.push(ends.perSecond(at, 0));
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
