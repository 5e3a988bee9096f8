import { describe, expect, it } from "vitest";
import type { PaidJob } from "./ittybit.ts";
import { imageOfKey, keyOf, variantsOf } from "./variants.ts";
import { judgeStorm, type Outcome } from "./verdict.ts";

const OWED = variantsOf(16);
const [FIRST, SECOND] = OWED as [(typeof OWED)[number], (typeof OWED)[number]];

function jobOf(variant: (typeof OWED)[number], gen: number, changes: Partial<PaidJob> = {}): PaidJob {
  return {
    n: gen,
    id: `job_${gen}`,
    fails: false,
    metadata: { key: keyOf(variant), gen: String(gen), ledger: "L" },
    ...changes,
  };
}

const JOBS = OWED.map((variant, n) => jobOf(variant, n + 1));
const SEEN = { status: 200, isWrong: false, version: 1 };

function outcome(changes: Partial<Outcome> = {}): Outcome {
  return {
    owed: OWED,
    jobs: JOBS,
    last: new Map(OWED.map((variant) => [keyOf(variant), SEEN])),
    purged: new Set(),
    removed: new Set(),
    replaced: new Set(),
    deletedByHand: new Set(),
    versionOf: () => 1,
    statuses: new Map([["200", 10]]),
    wrongViews: [],
    dead: new Map(),
    cameBack: [],
    broken: [],
    restored: false,
    unfinished: [],
    ...changes,
  };
}

const lastWith = (view: (Omit<typeof SEEN, "version"> & { version: number | null }) | null) =>
  new Map([...outcome().last, [keyOf(FIRST), view]] as const);

describe("the verdict of a storm", () => {
  it("is without violations when every variant is there, right, and paid once", () => {
    expect(judgeStorm(outcome())).toMatchObject({
      violations: [],
      counts: { lost: 0, "jobs paid per variant": "1.000" },
    });
  });

  it.each<[string, Partial<Outcome>, RegExp]>([
    ["a variant that another one stands in for", { last: lastWith({ ...SEEN, version: null }) }, /^lost: /],
    ["a variant that is not served", { last: lastWith({ ...SEEN, status: 302 }) }, /^lost: /],
    ["a variant that nobody answers for", { last: lastWith(null) }, /^lost: /],
    ["two jobs in one generation", { jobs: [...JOBS, jobOf(FIRST, 1, { fails: true })] }, /^duplicated: L\/1/],
    ["bytes of an older original", { versionOf: () => 2 }, /^stale: /],
    ["another image's bytes at the end", { last: lastWith({ ...SEEN, isWrong: true }) }, /^wrong image: /],
    ["another image's bytes in the storm", { wrongViews: ["/images/a"] }, /^wrong image: /],
    ["a 5xx in the storm", { statuses: new Map([["503", 2]]) }, /^5xx to a viewer: 2 × 503/],
    ["a 5xx at the end", { last: lastWith({ ...SEEN, status: 500 }) }, /^5xx to a viewer: /],
    ["a dead letter", { dead: new Map([[keyOf(FIRST), "attempt 6"]]) }, /^dead: /],
    [
      "a dead letter of which Ittybit failed one job only",
      { dead: new Map([[keyOf(FIRST), "attempt 2"]]), jobs: [...JOBS, jobOf(FIRST, 99, { fails: true })] },
      /^dead: /,
    ],
    ["an object that came back", { cameBack: ["a"] }, /^came back after a purge or removal: a/],
    ["a broken limit", { broken: ["platform limit: 7 connections"] }, /^platform limit: /],
    ["an act that did not end", { unfinished: ["not settled"] }, /^unfinished: /],
    ["a job too many", { jobs: [...JOBS, jobOf(FIRST, 99)] }, /^paid: 17 jobs for 16/],
  ])("tells of %s", (_, changes, told) => {
    expect(judgeStorm(outcome(changes)).violations).toContainEqual(expect.stringMatching(told));
  });

  it("explains a dead letter of which Ittybit failed two jobs", () => {
    const jobs = [...JOBS, jobOf(FIRST, 98, { fails: true }), jobOf(FIRST, 99, { fails: true })];
    const verdict = judgeStorm(outcome({ dead: new Map([[keyOf(FIRST), "attempt 2"]]), jobs }));
    expect(verdict.violations).toEqual([]);
    expect(verdict.explained).toEqual([`dead: ${keyOf(FIRST)} (attempt 2)`]);
  });

  it.each<[string, Partial<Outcome>]>([
    ["failed at Ittybit", { jobs: [...JOBS, jobOf(FIRST, 99, { fails: true })] }],
    ["is of a purged image", { jobs: [...JOBS, jobOf(FIRST, 99)], purged: new Set([imageOfKey(keyOf(FIRST))]) }],
    ["is of a replaced image", { jobs: [...JOBS, jobOf(FIRST, 99)], replaced: new Set([imageOfKey(keyOf(FIRST))]) }],
    [
      "is of an object deleted by hand",
      { jobs: [...JOBS, jobOf(SECOND, 99)], deletedByHand: new Set([keyOf(SECOND)]) },
    ],
  ])("does not count a job that %s", (_, changes) => {
    expect(judgeStorm(outcome(changes)).violations).toEqual([]);
  });

  it("allows more jobs after a restore, and not many more", () => {
    const owed = variantsOf(100);
    const many = (extra: number) => [
      ...owed.map((one, n) => jobOf(one, n)),
      ...owed.slice(0, extra).map((one, n) => jobOf(one, 1_000 + n)),
    ];
    const last = new Map(owed.map((one) => [keyOf(one), SEEN]));
    const ends = (extra: number, restored: boolean) =>
      judgeStorm(outcome({ owed, last, jobs: many(extra), restored })).violations.length;
    expect([ends(2, false), ends(3, false), ends(5, true), ends(6, true)]).toEqual([0, 1, 0, 1]);
  });
});
