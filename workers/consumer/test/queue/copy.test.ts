import { allJobs } from "@prewarm/durable-queue/testing/all-jobs";
import { expect, it } from "vitest";
import { setup } from "../../src/ledger/testing/setup.ts";

const KEYS = ["a/1-high.webp", "a/2-high.webp", "a/3-high.webp"];
const [, B = ""] = KEYS;

/** A ledger whose copy was made while one of three untouched jobs was touched: before slice `nth`. Null: there are fewer slices. */
function copiedWhileTouched(nth: number) {
  const { ledger, order, view } = setup();
  order({ run: "r", keys: KEYS });
  const lines: string[] = [];
  let slice = ledger.exportSlice(null, "test");
  for (let n = 1; ; n += 1) {
    lines.push(...slice.lines);
    if (slice.next === null) break;
    if (n === nth) view("v", B);
    slice = ledger.exportSlice(slice.next, "test");
  }
  const isTouched = ledger.stats().counts.live.queued + ledger.stats().counts.live.processing === 1;
  const other = setup();
  expect(other.ledger.importBegin(slice.schema)).toBe(true);
  expect(other.ledger.importRows(lines)).toBeNull();
  expect(other.ledger.importEnd(lines.length, "test")).toBe(true);
  return isTouched ? other : null;
}

it("a job that is touched while a copy is made is in the copy once, whenever that is", () => {
  const lanes = new Set<number>();
  let slices = 1;
  for (let other = copiedWhileTouched(1); other !== null; other = copiedWhileTouched(slices)) {
    const jobs = allJobs(other.sql);
    expect(jobs.map(({ key }) => key).sort(), `slice ${slices}`).toEqual(KEYS);
    for (const { key, lane } of jobs) if (key === B) lanes.add(Number(lane));
    slices += 1;
  }
  expect(slices).toBeGreaterThan(20);
  // It was copied before it was touched, and after that.
  expect([...lanes].sort()).toEqual([0, 2]);
});
