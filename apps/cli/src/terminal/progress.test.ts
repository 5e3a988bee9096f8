import { describe, expect, it } from "vitest";
import { createOutput } from "../../test/testing/fake-world.ts";
import { createProgress, formatSeconds, type Snapshot } from "./progress.ts";

const base: Snapshot = { label: "sending", unit: "images", done: 0, total: 1000, failed: 0, throttled: 0 };
const WIPE = "\r\u001b[2K";

function setup({ animate = true, quiet = false, columns = 200 } = {}) {
  let at = 0;
  const { output, writes } = createOutput({ isTTY: animate, columns });
  const progress = createProgress({ out: output, now: () => at, animate, quiet });
  const update = (ms: number, more: Partial<Snapshot>): void => {
    at = ms;
    progress.update({ ...base, ...more });
  };
  return { progress, update, writes };
}

describe("on a terminal", () => {
  it("draws bar, counts, share, rate, time left, failures and throttling in one line", () => {
    const { update, writes } = setup();
    update(0, { done: 0 });
    update(1000, { done: 250, failed: 3, throttled: 2 });
    expect(writes).toEqual([
      `${WIPE}sending [--------------------]  0/1,000 images  0 %`,
      `${WIPE}sending [#####---------------]  250/1,000 images  25 %  250/s  ETA 3 s  3 failed  throttled 2×`,
    ]);
  });

  it("draws at most ten times a second, however often it is told", () => {
    const { update, writes } = setup();
    for (let ms = 0; ms < 3000; ms += 1) update(ms, { done: ms });
    expect(writes).toHaveLength(30);
  });

  it("measures the rate over the last ten seconds only", () => {
    const { update, writes } = setup();
    for (let second = 0; second <= 60; second += 1)
      update(second * 1000, { done: second < 30 ? 0 : (second - 30) * 10 });
    expect(writes.at(-1)).toContain("10/s");
  });

  it("starts anew when another stage begins", () => {
    const { update, writes } = setup();
    update(0, { done: 0 });
    update(1000, { done: 1000 });
    update(2000, { label: "making", unit: "variants", done: 0, total: 6000 });
    update(3000, { label: "making", unit: "variants", done: 60, total: 6000 });
    expect(writes.at(-1)).toContain("60/6,000 variants  1 %  60/s  ETA 1 min 39 s");
  });

  it("knows the share of a file without knowing its total, and shows no bar when it knows neither", () => {
    const { update, writes } = setup();
    update(0, { total: null, share: 0.5, done: 7 });
    update(1000, { total: null, done: 8 });
    expect(writes[0]).toContain("[##########----------]  7 images  50 %");
    expect(writes[1]).toBe(`${WIPE}sending  8 images  1.0/s`);
  });

  it("never fills the line, because a wrapped line cannot be wiped", () => {
    const { update, writes } = setup({ columns: 30 });
    update(0, { done: 500 });
    expect(writes[0]?.slice(WIPE.length)).toHaveLength(29);
  });

  it("puts a remark above the moving line and draws the line again at once", () => {
    const { progress, update, writes } = setup();
    update(0, { done: 1 });
    progress.note("ids.txt:3: bad");
    update(1, { done: 2 });
    progress.end();
    progress.end();
    expect(writes.slice(1)).toEqual([WIPE, "ids.txt:3: bad\n", expect.stringContaining("2/1,000"), WIPE]);
  });
});

describe("elsewhere", () => {
  it("writes a plain line every ten seconds, without control characters", () => {
    const { update, writes } = setup({ animate: false });
    for (let ms = 0; ms <= 25_000; ms += 100) update(ms, { done: ms / 100 });
    expect(writes).toHaveLength(2);
    expect(writes[0]).toBe("sending  100/1,000 images  10 %  10/s  ETA 1 min 30 s\n");
    expect(writes.join("")).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it("says nothing with --quiet", () => {
    const { progress, update, writes } = setup({ quiet: true });
    update(0, {});
    progress.note("remark");
    progress.end();
    expect(writes).toEqual([]);
  });
});

it.each([
  [0, "0 s"],
  [59.6, "1 min"],
  [200, "3 min 20 s"],
  [7500, "2 h 5 min"],
  [90_000, "1 d 1 h"],
])("prints %f seconds as %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});
