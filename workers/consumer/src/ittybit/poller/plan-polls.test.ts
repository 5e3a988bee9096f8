import { describe, expect, it } from "vitest";
import { cadenceMs, type Planned, planPolls } from "./plan-polls.ts";

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `j${from + at}`);
const none = new Set<string>();

function plan(known: string[], due: string[], more: Partial<Planned> = {}) {
  return planPolls({ known, due: new Set(due), hidden: none, lost: none, flowing: false, goal: 20, ...more });
}

describe("planPolls", () => {
  it("covers every due job once, with pages of at most 75 places that begin below a known job", () => {
    const polls = plan(ids(400), ids(400));
    expect(polls.flatMap((poll) => (poll.kind === "page" ? poll.shows : [poll.job]))).toEqual(ids(400));
    expect(polls).toHaveLength(6);
    expect(polls[0]).toMatchObject({ kind: "page", after: "j87" });
  });

  it("leaves as much room on a page as jobs may stand elsewhere: what is begun in 0.12 s, a quarter to half of it", () => {
    const placesAt = (goal: number) => {
      const [first] = plan(ids(300), ids(300), { goal });
      return first?.kind === "page" ? first.shows.length : 0;
    };
    expect([1, 205, 300, 430, 5_000].map(placesAt)).toEqual([75, 75, 64, 50, 50]);
  });

  it("leaves little room once there are more pages than are read at once", () => {
    const polls = plan(ids(1_000), ids(1_000), { goal: 500 });
    expect(polls.flatMap((poll) => (poll.kind === "page" ? poll.shows : [poll.job]))).toEqual(ids(1_000));
    expect(polls).toHaveLength(12);
    expect(plan(ids(300), ids(300), { goal: 500 })).toHaveLength(6);
  });

  it("reads nothing where no job is due", () => {
    expect(plan(ids(500), [])).toEqual([]);
    expect(plan(ids(5_000), ["j0", "j1", "j4000", "j4001"])).toMatchObject([{ after: "j51" }, { after: "j4051" }]);
  });

  it("keeps half of a page's spare places on either side", () => {
    expect(plan(ids(500), ids(20, 100))).toMatchObject([{ after: "j160" }]);
  });

  it("takes the newest page for the youngest jobs, but while new ones are made their youngest is the cursor and waits", () => {
    expect(plan(ids(40), ids(40))).toMatchObject([{ after: null }]);
    expect(plan(ids(40), ids(40), { flowing: true })).toMatchObject([{ after: "j39" }]);
  });

  it("reads one job by itself, and those that no page shows", () => {
    expect(plan(ids(400), ["j7", "j300"])).toEqual([
      { kind: "single", job: "j7" },
      { kind: "single", job: "j300" },
    ]);
    expect(plan(ids(50), ids(3), { hidden: new Set(["j1"]) })).toMatchObject([
      { kind: "single", job: "j1" },
      { kind: "page", shows: ["j0", "j2"] },
    ]);
  });

  it("reads a page for one job that its id does not find", () => {
    expect(plan(ids(50), ["j7"], { lost: new Set(["j7"]) })).toMatchObject([{ kind: "page", shows: ["j7"] }]);
  });
});

describe("cadenceMs", () => {
  const busy = { slots: { used: 40, all: 50 }, waiting: true, goal: 20, pages: 1, viewer: false };

  it("spends 0.17 pages a variant while work waits for slots, within 100 ms and a second", () => {
    expect(cadenceMs(busy)).toBeCloseTo(294, 0);
    expect(cadenceMs({ ...busy, goal: 205, pages: 8 })).toBeCloseTo(230, 0);
    expect(cadenceMs({ ...busy, goal: 830 })).toBe(100);
    expect(cadenceMs({ ...busy, goal: 0 })).toBe(1_000);
  });

  it("spends 0.05 pages a variant while slots are free, so that many ends come evenly and not once a second", () => {
    const free = { ...busy, slots: { used: 100, all: 500 }, goal: 217 };
    expect(cadenceMs(free)).toBe(250);
    expect(cadenceMs({ ...free, pages: 4 })).toBeCloseTo(369, 0);
    expect(cadenceMs({ ...free, waiting: false })).toBe(1_000);
  });

  it("is a second while slots are free at a low rate, or nothing waits", () => {
    expect(cadenceMs({ ...busy, slots: { used: 29, all: 50 } })).toBe(1_000);
    expect(cadenceMs({ ...busy, waiting: false })).toBe(1_000);
  });

  it("is 250 ms at most while a viewer waits", () => {
    expect(cadenceMs({ ...busy, viewer: true })).toBe(250);
    expect(cadenceMs({ ...busy, goal: 830, viewer: true })).toBe(100);
  });
});
