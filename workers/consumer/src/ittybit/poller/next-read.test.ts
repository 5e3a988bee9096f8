import { describe, expect, it } from "vitest";
import { betweenReadsMs, nextRead, type Planned, pagesFor, type Read } from "./next-read.ts";

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `j${from + at}`);
/** Places that a page has shown; `guessed`: that none has. */
const shown = (jobs: string[]) => jobs.map((job, at) => ({ job, at, isExact: true }));
const guessed = (jobs: string[]) => shown(jobs).map((place) => ({ ...place, isExact: false }));

function planned(
  places: Planned["places"],
  over: string[] | Map<string, number>,
  more: Partial<Planned> = {},
): Planned {
  const worth = over instanceof Map ? over : new Map(over.map((job) => [job, 1]));
  const none = { isLost: () => false, isMissed: () => false, flowing: false };
  return { places, worth, isOpen: (job) => worth.has(job), ...none, ...more };
}

/** All reads that are planned one after another, when none ends meanwhile. */
function reads(places: Planned["places"], over: string[], more: Partial<Planned> = {}): Read[] {
  const worth = new Map(over.map((job) => [job, 1]));
  const all: Read[] = [];
  for (;;) {
    const read = nextRead({ ...planned(places, over, more), worth });
    if (read === null) return all;
    all.push(read);
    for (const job of read.kind === "page" ? read.shows : [read.job]) worth.delete(job);
  }
}

describe("nextRead", () => {
  it("covers every job that may have ended once, with pages of 100 places that pages have shown", () => {
    const all = reads(shown(ids(400)), ids(400));
    expect(all.flatMap((read) => (read.kind === "page" ? read.shows : [read.job]))).toEqual(ids(400));
    expect(all).toMatchObject([{ after: "j100" }, { after: "j200" }, { after: "j300" }, { after: null }]);
  });

  it("plans 75 places on a page that no page has shown yet, and keeps half of the room on either side", () => {
    const all = reads(guessed(ids(400)), ids(400));
    expect(all).toHaveLength(6);
    expect(all[0]).toMatchObject({ kind: "page", after: "j87" });
    expect(reads(shown(ids(500)), ids(20, 100))).toMatchObject([{ after: "j160" }]);
  });

  it("takes the page whose jobs have been over for the longest time in sum, wherever it stands", () => {
    const worth = new Map(ids(300).map((job, at) => [job, at >= 120 && at < 220 ? 3 : 2]));
    expect(nextRead(planned(shown(ids(300)), worth))).toMatchObject({ shows: ids(100, 120) });
    worth.set("j5", 1_000);
    expect(nextRead(planned(shown(ids(300)), worth))).toMatchObject({ shows: ids(100) });
  });

  it("reads nothing where no job may have ended, and leaves those stretches out", () => {
    expect(nextRead(planned(shown(ids(500)), []))).toBeNull();
    const two = reads(shown(ids(5_000)), ["j0", "j1", "j4000", "j4001"]);
    expect(two).toMatchObject([{ after: "j51" }, { after: "j4051" }]);
  });

  it("takes the newest page for the youngest jobs, but while new ones are made their youngest is the cursor and waits", () => {
    expect(reads(shown(ids(40)), ids(40))).toMatchObject([{ after: null }]);
    expect(reads(shown(ids(40)), ids(40), { flowing: true })[0]).toMatchObject({ after: "j39" });
  });

  it("takes the newest page for a job that the last page has missed: another one was taken for the youngest", () => {
    const isMissed = (job: string) => job === "j20";
    expect(reads(shown(ids(40)), ids(40), { flowing: true, isMissed })[0]).toMatchObject({ after: null });
    expect(reads(shown(ids(400)), ids(400), { flowing: true, isMissed })[0]).toMatchObject({ after: "j100" });
  });

  it("reads a job by itself where a page would show no other open job, and else the page", () => {
    const places = shown(ids(400));
    expect(reads(places, ["j7", "j300"])).toEqual([
      { kind: "single", job: "j7" },
      { kind: "single", job: "j300" },
    ]);
    const isOpen = (job: string) => ["j7", "j20"].includes(job);
    expect(reads(places, ["j7"], { isOpen })).toMatchObject([{ kind: "page", shows: ["j7"] }]);
  });

  it("reads a page for one job that its id does not find", () => {
    expect(reads(shown(ids(50)), ["j7"], { isLost: () => true })).toMatchObject([{ kind: "page", shows: ["j7"] }]);
  });
});

describe("pagesFor", () => {
  it("counts the pages that show all of them", () => {
    const places = shown(ids(400));
    expect([ids(400), ids(101), ids(3), ["j0", "j399"], []].map((jobs) => pagesFor(planned(places, jobs)))).toEqual([
      4, 2, 1, 2, 0,
    ]);
  });
});

describe("betweenReadsMs", () => {
  const busy = { slots: { used: 40, all: 50 }, waiting: true, goal: 20, reads: 1 };

  it("spends 0.17 reads a variant while work waits for slots; all jobs are read within 100 ms and a second", () => {
    expect(betweenReadsMs(busy)).toBeCloseTo(294, 0);
    expect(betweenReadsMs({ ...busy, goal: 205, reads: 8 })).toBeCloseTo(28.7, 1);
    expect(betweenReadsMs({ ...busy, goal: 830 })).toBe(100);
    expect(betweenReadsMs({ ...busy, goal: 830, reads: 25 })).toBeCloseTo(7.1, 1);
    expect(betweenReadsMs({ ...busy, goal: 0, reads: 4 })).toBe(250);
  });

  it("spends 0.05 reads a variant while slots are free, so that many ends come evenly and not once a second", () => {
    const free = { ...busy, slots: { used: 100, all: 500 }, goal: 217 };
    expect(betweenReadsMs(free)).toBe(250);
    expect(betweenReadsMs({ ...free, reads: 4 })).toBeCloseTo(92, 0);
    expect(betweenReadsMs({ ...free, waiting: false })).toBe(1_000);
  });

  it("reads all once a second while slots are free at a low rate, or nothing waits", () => {
    expect(betweenReadsMs({ ...busy, slots: { used: 29, all: 50 } })).toBe(1_000);
    expect(betweenReadsMs({ ...busy, waiting: false })).toBe(1_000);
    expect(betweenReadsMs({ ...busy, waiting: false, reads: 10 })).toBe(100);
  });
});
