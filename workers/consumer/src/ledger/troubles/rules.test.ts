import { Gate } from "@prewarm/control-schema/gate";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { describe, expect, it } from "vitest";
import type { GateView } from "../calls.ts";
import type { Facts } from "./facts.ts";
import type { Failure, Refusal } from "./failures.ts";
import { troublesOf, worstFirst } from "./rules.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const NONE = { queued: 0, processing: 0, retrying: 0, stored: 0, dead: 0, refused: 0, cancelled: 0 };
const GATE: GateView = { ...leastValue(Gate), slots: 0, abandoned: 0 };
const BUDGET = { ...GATE.budget, monthlyJobs: 60_000, month: "2026-11" };

/** An installation of which nothing is wrong, but for what is given. */
function facts(more: Partial<Omit<Facts, "gate">> & { gate?: Partial<GateView> } = {}): Facts {
  return {
    now: NOW,
    counts: { live: NONE, upload: NONE, bulk: NONE },
    oldestWaiting: { live: null, upload: null, bulk: null },
    bytes: 40_960,
    endedPerSecond: 0,
    held: { live: false, upload: false, bulk: false },
    failures: { failing: [], died: [], refused: [] },
    results: null,
    slow: null,
    shedUntil: null,
    untoldSince: null,
    lateSweeps: null,
    spentHooks: [],
    ...more,
    gate: { ...GATE, ...more.gate },
  };
}

const waiting = (n: number) => ({ ...NONE, queued: n });
const bulkWaits = (n: number) => ({ live: NONE, upload: NONE, bulk: waiting(n) });
const open = (reason: string, status: number | null): GateView["breaker"] => ({
  state: "open",
  reason,
  status,
  since: NOW - 60_000,
  probeAt: NOW + 29_000,
});

function failure(code: string, text: string, more: Partial<Failure> = {}): Failure {
  const top = { cause: `${code} cause`, code, text, count: 12, of: 12, formats: ["webp"], folder: "autumn/" };
  return { part: "originals", host: "cdn.example.com", n: 12, of: 12, last: NOW, top, ...more };
}

const refusal = (n: number, of: number): Refusal => {
  const found = failure("missing", "the original does not exist", { n, of });
  return { ...found, run: { id: "run_1", label: "Catalogue 2027" } };
};

/** Of all troubles, the worst first, what stands in the headline, in the red box and in the event. */
const said = (given: Facts) =>
  worstFirst(troublesOf(given)).map(({ part, host, level, sentence, affects: { lanes } }) => ({
    part,
    host,
    level,
    sentence,
    lanes,
  }));

describe("the moment", () => {
  it.each<[string, Facts]>([
    ["1 idle", facts()],
    [
      "2 first run",
      facts({ counts: { ...bulkWaits(364) }, oldestWaiting: { live: null, upload: null, bulk: NOW - 7_000 } }),
    ],
    ["3 bulk", facts({ counts: bulkWaits(23_940), endedPerSecond: 20 })],
    [
      "5b a hold is over",
      facts({ counts: bulkWaits(16_000), oldestWaiting: { live: null, upload: null, bulk: NOW - 30_000 } }),
    ],
    ["11 a purge of 390 images", facts({ counts: bulkWaits(15_207), endedPerSecond: 20 })],
    ["12 a removal", facts({ untoldSince: NOW - 2_000 })],
    ["14 a deploy in between", facts({ counts: bulkWaits(9_000), endedPerSecond: 5 })],
  ])("%s is no trouble", (_, given) => expect(said(given)).toEqual([]));

  it("4 pause: the gate, with who, until when and why; after a day without an end it asks", () => {
    const pause = { who: "anna", since: NOW - 60_000, reason: "a migration", until: NOW + 7_200_000 };
    const pausedBy = (bulk: typeof pause | (Omit<typeof pause, "until"> & { until: null })) =>
      facts({
        counts: bulkWaits(12),
        held: { live: false, upload: false, bulk: true },
        gate: { pauses: { live: null, upload: null, bulk } },
      });
    expect(said(pausedBy(pause))).toEqual([
      {
        part: "gate",
        host: null,
        level: "warning",
        lanes: ["bulk"],
        sentence: "bulk is paused by anna since 2026-11-24T11:59Z until 2026-11-24T14:00Z (a migration). 12 jobs wait.",
      },
    ]);
    const [young] = troublesOf(pausedBy({ ...pause, until: null }));
    const [old] = troublesOf(pausedBy({ ...pause, until: null, since: NOW - 90_000_000 }));
    expect([young?.cure, old?.cure]).toEqual([
      "Resume the lane once the reason is gone.",
      "Is the reason gone? Then resume the lane; else give the pause an end.",
    ]);
    expect(old?.cause).not.toBe(`${NOW - 90_000_000}`);
  });

  it("5 402: Ittybit, and no other part, though everything waits", () => {
    const gate = { breaker: open("Payment required", 402) };
    const held = { live: true, upload: true, bulk: true };
    const oldestWaiting = { live: null, upload: null, bulk: NOW - 900_000 };
    expect(said(facts({ gate, held, oldestWaiting, counts: bulkWaits(2_000) }))).toEqual([
      {
        part: "ittybit",
        host: null,
        level: "problem",
        lanes: ["bulk"],
        sentence:
          "Ittybit answers 402: billing. Everything waits since 2026-11-24T11:59Z; viewers get originals. One job is tried in 29 s.",
      },
    ]);
  });

  it.each([
    [402, "breaker.account", /^Correct the Ittybit account/],
    [500, "breaker", /^Look at Ittybit's status/],
    [302, "breaker", /ITTYBIT_API_URL/],
    [null, "breaker", /^Look at Ittybit's status/],
  ])(
    "5c the cure of a breaker that %s has opened is that of its cause, and a trouble of its own",
    (status, key, cure) => {
      expect(troublesOf(facts({ gate: { breaker: open("Ittybit fails", status) } }))).toMatchObject([
        { key, cure: expect.stringMatching(cure) },
      ]);
    },
  );

  it("6 429: Ittybit", () => {
    const found = said(facts({ gate: { throttledUntil: NOW + 18_000 }, counts: bulkWaits(1) }));
    expect(found).toMatchObject([
      { part: "ittybit", level: "warning", sentence: expect.stringMatching(/^Ittybit asked us to slow down/) },
    ]);
  });

  it("7 jobs take 45 s, not 0.5 s: Ittybit is slow, and the queue is not stuck for it", () => {
    const slow = { n: 50, sentence: "Ittybit takes 45 s for a job, usually 0.5 s." };
    const oldestWaiting = { live: NOW - 90_000, upload: null, bulk: NOW - 900_000 };
    expect(said(facts({ slow, oldestWaiting, counts: bulkWaits(9_000) }))).toMatchObject([
      { part: "ittybit", level: "warning", sentence: slow.sentence },
    ]);
  });

  it("8 results cannot be fetched: their host, at the third and before the breaker opens, then as a problem", () => {
    const message = "results.example.net answered HTTP 503 (text/html)";
    const of = (n: number, isBreaker = false) => ({ n, since: NOW - 34_000, message, isBreaker });
    const failing = [failure("output_unreachable", message, { part: "results", host: "results.example.net" })];
    expect(said(facts({ results: of(2) }))).toEqual([]);
    expect(said(facts({ results: of(3), failures: { failing, died: [], refused: [] } }))).toMatchObject([
      {
        part: "results",
        host: "results.example.net",
        level: "warning",
        sentence: `The results of 3 paid jobs cannot be fetched, the first for 34 s: ${message}.`,
      },
    ]);
    const breaker = open(`No result can be fetched: ${message}`, null);
    const [problem, ...others] = troublesOf(facts({ results: of(850, true), gate: { breaker } }));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      part: "results",
      host: "results.example.net",
      level: "problem",
      affects: { count: 850 },
      sentence: expect.stringMatching(/^No result can be fetched: results/),
      cure: expect.not.stringMatching(/account/),
    });
  });

  it("9 a third of the originals are missing: the originals, of that run", () => {
    const refused = [refusal(560, 1_680)];
    const [found] = troublesOf(facts({ endedPerSecond: 20, failures: { failing: [], died: [], refused } }));
    expect(found).toMatchObject({
      part: "originals",
      host: "cdn.example.com",
      level: "warning",
      key: "refusing.run_1",
      link: "/runs/run_1",
      affects: { run: "run_1", folder: "autumn/", count: 560 },
      cure: expect.stringContaining("Upload the original"),
      sentence:
        '560 of 1,680 variants of the run Catalogue 2027 were refused: 12 jobs with "the original does not exist" (missing), all webp, all below autumn/.',
    });
  });

  it("10 warming's share is spent: the budget", () => {
    const budget = { ...BUDGET, used: 57_000, alert: 0.95, exhausted: { live: false, warming: true } };
    const oldestWaiting = { live: null, upload: null, bulk: NOW - 900_000 };
    const held = { live: false, upload: true, bulk: true };
    expect(said(facts({ gate: { budget }, counts: bulkWaits(21_217), oldestWaiting, held }))).toEqual([
      {
        part: "budget",
        host: null,
        level: "warning",
        lanes: ["upload", "bulk"],
        sentence:
          "Warming's share of the month's jobs is spent: 21,217 jobs wait in upload and bulk, viewers' misses go on.",
      },
    ]);
  });

  it("15 the originals' host answers 403: the originals, before and after it is left alone", () => {
    const failing = [failure("original_unreachable", "the original answered 403")];
    const failures = { failing, died: [], refused: [] };
    expect(said(facts({ failures }))).toMatchObject([{ part: "originals", host: "cdn.example.com" }]);
    const message = "cdn.example.com fails (the original answered 403); one job is tried at 2026-11-24T12:00Z.";
    const gate = { reasons: [{ lane: null, code: "origin", message, until: NOW + 30_000 }] };
    expect(said(facts({ failures, gate }))).toEqual([
      { part: "originals", host: "cdn.example.com", level: "warning", sentence: message, lanes: [] },
    ]);
  });

  it("16 the viewers' share of the day is spent: the budget, and nothing is stuck", () => {
    const budget = { ...BUDGET, used: 30_000, liveToday: 3_000, exhausted: { live: true, warming: false } };
    const counts = { live: waiting(2_003), upload: NONE, bulk: NONE };
    const oldestWaiting = { live: NOW - 900_000, upload: null, bulk: null };
    const held = { live: true, upload: false, bulk: false };
    expect(said(facts({ gate: { budget }, counts, oldestWaiting, held }))).toEqual([
      {
        part: "budget",
        host: null,
        level: "warning",
        lanes: ["live"],
        sentence:
          "Viewers' share of the budget is spent (3,000 jobs today): 2,003 jobs wait, and viewers get originals. Uploads and bulk go on.",
      },
    ]);
  });
});

it("each part has its failures", () => {
  const failing = [
    failure("upstream_failed", "encoder out of memory", { part: "ittybit", host: null }),
    failure("internal", "undefined is no function", { part: "queue", host: null }),
  ];
  const found = troublesOf(facts({ failures: { failing, died: failing, refused: [] } }));
  expect(found.map(({ key, part }) => [key, part])).toEqual([
    ["failing.ittybit", "ittybit"],
    ["failing.queue", "queue"],
    ["died.ittybit", "ittybit"],
    ["died.queue", "queue"],
  ]);
});

it("attempts that failed are over when no further one has failed for a while", () => {
  const failing = (ageMs: number) => [failure("original_unreachable", "403", { last: NOW - ageMs })];
  const of = (ageMs: number) => said(facts({ failures: { failing: failing(ageMs), died: [], refused: [] } }));
  expect([of(80_000).length, of(100_000).length]).toEqual([1, 0]);
});

it("a lane that nothing holds and in which nothing ends is stuck, a viewer's after a minute", () => {
  const oldestWaiting = { live: NOW - 61_000, upload: null, bulk: NOW - 301_000 };
  const stuck = (held: Facts["held"], endedPerSecond = 0) => said(facts({ oldestWaiting, held, endedPerSecond }));
  const none = { live: false, upload: false, bulk: false };
  expect(stuck(none)).toMatchObject([
    { part: "queue", lanes: ["live", "bulk"], sentence: expect.stringMatching(/^Nothing has ended lately/) },
  ]);
  expect(stuck(none, 3)).toMatchObject([
    { part: "queue", lanes: ["live"], sentence: expect.stringMatching(/^A viewer's job has waited/) },
  ]);
  expect(stuck({ ...none, bulk: true })).toMatchObject([{ lanes: ["live"] }]);
  expect(stuck({ ...none, live: true }, 3)).toEqual([]);
});

it("the edges, the store, the hooks and a full ledger have their parts", () => {
  const given = facts({
    shedUntil: NOW + 60_000,
    untoldSince: NOW - 400_000,
    lateSweeps: { n: 2, since: NOW - 700_000 },
    bytes: 9e9,
    spentHooks: [{ name: "uploads", most: 10_000, run: "run_hook" }],
  });
  expect(troublesOf(given).map(({ code, part, level }) => [code, part, level])).toEqual([
    ["ledger", "queue", "problem"],
    ["hook", "hooks", "warning"],
    ["sweeps", "store", "problem"],
    ["untold", "edge", "problem"],
    ["shed", "edge", "warning"],
  ]);
});

it("what goes on stands before what is over, problems first, then the newest; notes are last", () => {
  const one = (key: string, since: number | null, level: "problem" | "warning" | "note" = "warning", past = false) => ({
    key,
    since,
    level,
    past,
  });
  const given = [
    one("note", null, "note"),
    one("died", null, "warning", true),
    one("old", 10),
    one("young", 20),
    one("breaker", 5, "problem"),
    one("now", null),
  ];
  expect(worstFirst(given).map(({ key }) => key)).toEqual(["breaker", "now", "young", "old", "died", "note"]);
});
