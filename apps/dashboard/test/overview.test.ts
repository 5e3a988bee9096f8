import type { AuditEntry } from "@prewarm/control-schema/audit";
import { describe, expect, it } from "vitest";
import { durationsAround, firstOf, flagsOf, logShare, pathOf, topOf } from "../src/charts/series.ts";
import { groupsOf, movesWords } from "../src/lib/log-groups.ts";
import { crowd, earliestEnd, holdOf, outline, thickness, troubleAt } from "../src/lib/stream.ts";
import { stats } from "./fixtures-stats.ts";

const MINUTE = 60_000;

describe("where the stream is held", () => {
  const now = stats(false);
  const [paused] = now.troubles;
  if (paused === undefined) throw new Error("The fixture has no trouble");
  const reason = (code: string, lane: "upload" | "bulk" | null, until: number | null) => ({
    code,
    lane,
    until,
    message: `${code} of ${lane}`,
  });
  const held = (...reasons: ReturnType<typeof reason>[]) => holdOf({ ...now, gate: { ...now.gate, reasons } });

  it("is at the gate by a pause, which is a plan, with the lane's words", () => {
    expect(holdOf(now)).toEqual({
      at: "gate",
      code: "paused",
      isPlanned: true,
      sentence: now.gate.reasons[0]?.message,
      lanes: ["bulk"],
      until: null,
    });
  });

  it("is nowhere while the gate only slows", () => {
    expect(held(reason("throttled", null, 5), reason("concurrency", null, null))).toBeNull();
  });

  it("is by a spent budget rather than by a pause, and ends when the last of its lanes goes on", () => {
    const found = held(reason("paused", "bulk", 9), reason("budget", "upload", 5), reason("budget", "bulk", 7));
    expect(found).toMatchObject({ code: "budget", isPlanned: false, lanes: ["upload", "bulk"], until: 7 });
    expect(held(reason("budget", "upload", 5), reason("budget", "bulk", null))?.until).toBeNull();
  });

  it("is at Ittybit by its breaker, and at the results where these cannot be fetched", () => {
    const gate = {
      ...now.gate,
      breaker: { state: "open" as const, reason: "HTTP 402", status: 402, since: 1, probeAt: 2 },
      reasons: [],
    };
    const all = { at: "ittybit", sentence: "HTTP 402", lanes: ["live", "upload", "bulk"] };
    expect(holdOf({ ...now, gate })).toMatchObject(all);
    const troubles = [{ ...paused, part: "results" as const, past: false }];
    expect(holdOf({ ...now, gate, troubles })).toMatchObject({ ...all, at: "results" });
  });

  it("ends, where it goes on at a known time, at the pace that the rate and the slots allow", () => {
    const at = (rate: number | null, slots: number | null) => {
      const utilisation = { concurrency: { used: 0, limit: slots, abandoned: 0 }, rate: { used: 0, limit: rate } };
      const pace = { ...now.pace, all: { ...now.pace.all, jobsLeft: 1000 } };
      return earliestEnd({ ...now, utilisation, pace, run: { ...now.run, p50: 2000 } }, 5000);
    };
    expect([at(20, null), at(null, 20), at(20, 20), at(null, null)]).toEqual([55_000, 105_000, 105_000, null]);
  });

  it("marks the station whose part has a trouble, and none for a note or one that is acknowledged", () => {
    const acknowledged = { who: "anna", at: 1 };
    expect(troubleAt({ ...now, troubles: [{ ...paused, acknowledged }] }, "gate")).toBeNull();
    expect([troubleAt(now, "orders"), troubleAt(now, "gate"), troubleAt(now, "ittybit")]).toEqual([
      ...[null, "warning", "warning"],
    ]);
    expect(troubleAt({ ...now, troubles: [{ ...paused, level: "note" }] }, "gate")).toBeNull();
  });
});

it("draws no band of nothing, and no band or crowd beyond its card", () => {
  expect([thickness(0), crowd(0)]).toEqual([0, 0]);
  expect([thickness(1) > thickness(0.1), thickness(1e9), crowd(1e9)]).toEqual([true, 118, 122]);
  expect(outline(() => 10, false)).toMatch(/^polygon\(0% calc\(50% \+ -5px\),.*,0% calc\(50% \+ 5px\)\)$/);
  expect(outline(() => 10, true)).toMatch(/^polygon\(calc\(50% \+ -5px\) 0%,/);
});

describe("a chart", () => {
  const line = (...values: (number | null)[]) => ({ label: "a", values });
  it("begins with the first bucket that has something, and has a few at least", () => {
    const late = [...Array<null>(40).fill(null), ...Array<number>(20).fill(3)];
    expect(firstOf([line(...late), line(...Array<number>(60).fill(0))], 60)).toBe(40);
    expect([firstOf([line(...Array<number>(60).fill(0))], 60), firstOf([line(5)], 1)]).toEqual([48, 0]);
  });

  it("says what was done where there is room, the newest first, and folds what was done in one bucket", () => {
    const at = Array.from({ length: 10 }, (_, index) => index * MINUTE);
    const mark = (minute: number, text: string) => ({ at: minute * MINUTE + 1, text });
    const marks = [mark(-1, "before"), mark(1, "a"), mark(4, "b"), mark(4, "c"), mark(5, "d"), mark(9, "e")];
    expect(flagsOf(marks, at, MINUTE, 0.19).map(({ text, hasRoom }) => [text, hasRoom])).toEqual([
      ...[
        ["a", true],
        ["2 changes", false],
        ["d", true],
        ["e", true],
      ],
    ]);
  });

  it("has a whole half of its axis, and durations that people know", () => {
    expect([topOf([]), topOf([3]), topOf([1180, null]), topOf([88_000])]).toEqual([2, 4, 1600, 100_000]);
    expect(durationsAround([1200, null, 41_000])).toEqual([1000, 10_000, 60_000]);
    expect([logShare(1000, [1000, 10_000]), logShare(0, [1000, 10_000])]).toEqual([0, null]);
  });

  it("has a gap where nothing was measured, and a dash for a value alone", () => {
    expect(pathOf([0, 1, null, 0.5])).toBe("M0.5,100L1.5,0M3.2,50h0.6");
  });
});

it("reads the log by minutes, with the moves of automatic limits as one line an hour", () => {
  const entry = (minute: number, what: string, target: string | null, details = {}): AuditEntry => ({
    seq: minute,
    at: minute * MINUTE + 5,
    who: "anna",
    what,
    target,
    details,
  });
  const moved = (minute: number, from: number, to: number) => entry(minute, "limit.moved", "rate", { from, to });
  const entries = [entry(64, "warm", "r1"), moved(63, 14.12, 24.2), entry(64, "warm", "r2"), moved(61, 10, 14.12)];
  const groups = groupsOf([...entries, moved(59, 8, 10)]);
  expect(groups.map(({ isFolded, entries: { length } }) => [isFolded, length])).toEqual([
    ...[
      [false, 2],
      [true, 2],
      [true, 1],
    ],
  ]);
  expect(groups.slice(1).map(movesWords)).toEqual(["rate 10 → 24.2", "rate 8 → 10"]);
});
