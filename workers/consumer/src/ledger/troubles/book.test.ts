import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { type Level, Trouble } from "@prewarm/control-schema/troubles";
import { expect, it } from "vitest";
import { type Book, look } from "./book.ts";

const T0 = Date.UTC(2026, 10, 24, 12);

const LEAST = leastValue(Trouble);

function trouble(level: Level, count: number): Trouble {
  return { ...LEAST, key: "slow", level, affects: { ...LEAST.affects, count } };
}

/** Looks every `step` seconds; each look evicts the ledger. `levels`: what is seen, null: nothing. */
function looks(levels: readonly (Level | null)[], step: number): string[] {
  let book: Book = {};
  return levels.flatMap((level, n) => {
    const seen = level === null ? [] : [trouble(level, n)];
    const found = look(JSON.parse(JSON.stringify(book)), seen, T0 + n * step * 1000);
    book = found.book;
    return found.changes.map((one) => {
      const words = one.kind === "opened" ? one.trouble.level : `after ${one.forMs / 1000} s, ${one.count} at most`;
      return `${n * step} s ${one.kind} ${words}`;
    });
  });
}

const times = <T>(n: number, ...of: T[]): T[] => Array.from({ length: n }, () => of).flat();

it("a problem is told at once, a warning once it has stood for half a minute, and each is closed once", () => {
  expect(looks(["problem", ...times(13, null)], 10)).toEqual([
    "0 s opened problem",
    "120 s closed after 0 s, 0 at most",
  ]);
  expect(looks([...times(7, "warning" as const), ...times(20, null)], 10)).toEqual([
    "30 s opened warning",
    "180 s closed after 60 s, 6 at most",
  ]);
  expect(looks([...times(1, "warning" as const), ...times(20, null)], 10)).toEqual([]);
});

it("is opened once and closed once however it comes and goes, at every step up to a minute", () => {
  for (const level of ["problem", "warning", "note"] as const)
    for (const step of [1, 5, 17, 60]) {
      const noise = times(Math.ceil(1800 / step), level, null);
      const told = looks([...noise, ...times(Math.ceil(300 / step), null)], step);
      expect(told.map((one) => one.split(" ")[2])).toEqual(["opened", "closed"]);
    }
});

it("a change of level is told once: a worse one as it comes, a milder one when it has lasted", () => {
  const flicker = times(30, "warning", "problem");
  expect(
    looks([...times(5, "warning"), ...flicker, ...times(20, "warning"), ...times(20, null)] as Level[], 10),
  ).toEqual([
    "30 s opened warning",
    "60 s opened problem",
    "760 s opened warning",
    "960 s closed after 840 s, 84 at most",
  ]);
});
