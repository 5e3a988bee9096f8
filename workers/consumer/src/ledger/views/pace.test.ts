import { describe, expect, it } from "vitest";
import { setup, TRANSIENT } from "../testing/setup.ts";

const keys = (name: string, n: number) => Array.from({ length: n }, (_, at) => `${name}-${at}/400-high.webp`);
const FAST = { gate: { concurrency: 50, ratePerSecond: 1_000, burst: 1_000 }, budget: { month: null } };

/** A ledger; `end(n)`: for n seconds a job of others ends each second. */
function world(overrides: Parameters<typeof setup>[0] = FAST) {
  const made = setup(overrides);
  const { ledger, clock, transactions } = made;
  const ends = (n: number) => transactions.write((tx) => tx.statistics.count("stored", n));
  const end = (seconds: number) => {
    for (let n = 0; n < seconds; n += 1) {
      clock.advance(1);
      ends(1);
    }
  };
  const paces = () => ledger.stats().paces;
  const run = (id: string) => ledger.getRun({ run: id })?.pace;
  return { ...made, end, ends, paces, run };
}

/** Whether an answer is within 30 % of the truth. */
function isNear(answer: number | null | undefined, truth: number): boolean {
  return typeof answer === "number" && Math.abs(answer - truth) <= 0.3 * truth;
}

describe("one pace", () => {
  it("is the same wherever it stands: lane, run, sentence and everything", () => {
    const { order, end, paces, ledger, clock } = world();
    order({ run: "r", keys: keys("a", 50) });
    end(10);
    const { all, bulk } = paces();
    const { doneAt, doneBetween, ...others } = all;
    expect(others).toEqual({ perSecond: 1, secondsLeft: 50, why: null, jobsLeft: 50, amountLeft: null });
    // The pace of the fastest and of the slowest minute is at least a tenth apart from it.
    expect([doneAt, doneBetween]).toEqual([clock.ms + 50_000, { from: clock.ms + 45_455, to: clock.ms + 55_000 }]);
    expect([bulk, ledger.getRun({ run: "r" })?.pace]).toEqual([all, all]);
    expect(ledger.listRuns({ limit: 10 }).runs.find(({ run }) => run === "r")?.pace).toEqual(all);
    expect([ledger.stats().waitingFor.bulk?.text, ledger.getRun({ run: "r" })?.waitingFor?.text]).toEqual([
      "50 jobs wait; at 1.0/s about 50 s.",
      "50 jobs wait; at 1.0/s about 50 s.",
    ]);
  });

  it("of runs that take turns: the short one ends first, the long one with its lane", () => {
    const { order, run, paces, end } = world();
    order({ run: "long", keys: keys("a", 60) });
    order({ run: "short", keys: keys("b", 10) });
    end(20);
    expect(run("short")).toMatchObject({ perSecond: 0.5, secondsLeft: 20 });
    expect(run("long")).toMatchObject({ secondsLeft: 70 });
    expect(paces().bulk.secondsLeft).toBe(70);
    expect(paces().all.secondsLeft).toBe(70);
  });

  it("lets open lanes above go first, and leaves closed ones out", () => {
    const { order, paces, end, ledger } = world();
    order({ run: "r", keys: keys("a", 10) });
    end(20);
    order({ run: "u", lane: "upload", keys: keys("b", 30) });
    expect(paces()).toMatchObject({ upload: { secondsLeft: 30 }, bulk: { secondsLeft: 40 } });
    ledger.patchGate({ paused: { upload: true } }, "ops");
    expect(paces()).toMatchObject({
      upload: { secondsLeft: null },
      bulk: { secondsLeft: 10 },
      all: { secondsLeft: null },
    });
  });

  it.each([
    ["a pause", { paused: { bulk: true } }, /^Lane bulk is paused since .* by ops\.$/],
    ["a spent budget", { budget: { monthlyJobs: 0 } }, /^The month's budget for warming is spent/],
    [
      "a budget for fewer jobs",
      { budget: { monthlyJobs: 29, warmingShare: 1 } },
      /^The budget allows 29 more jobs of 30 that wait\.$/,
    ],
  ] as const)("has no time left while %s holds it back, and says so", (_, patch, why) => {
    const { order, run, paces, end, ledger } = world();
    order({ run: "r", keys: keys("a", 30) });
    end(20);
    expect(run("r")?.secondsLeft).toBe(30);
    ledger.patchGate(patch, "ops");
    const unknown = { secondsLeft: null, doneAt: null, doneBetween: null, amountLeft: null };
    const held = { ...unknown, perSecond: 0, why: expect.stringMatching(why), jobsLeft: 30 };
    expect([run("r"), paces().bulk, paces().all]).toEqual([held, held, held]);
  });

  it("has no time left behind an open breaker, a 429 and when only retries are left", () => {
    const { granted, settle, run, paces, clock, end, order } = world();
    order({ run: "r", keys: keys("a", 3) });
    end(20);
    expect(run("r")?.secondsLeft).toBe(3);
    settle("o", granted("o", "late/400-high.webp"), TRANSIENT);
    expect(run("test")?.why).toMatch(/^Only retries are left, the first at 2026-\S+Z\.$/);
    settle("o", granted("o", "slow/400-high.webp"), { kind: "throttled", until: clock.ms + 20_000 });
    expect(paces().bulk).toMatchObject({ secondsLeft: null, why: expect.stringMatching(/^Ittybit asked to wait/) });
    clock.advance(21);
    expect(run("r")?.secondsLeft).toBeGreaterThan(0);
    settle("o", granted("o", "paid/400-high.webp"), { kind: "account", status: 402, message: "no" });
    expect(paces().bulk).toMatchObject({ secondsLeft: null, why: expect.stringMatching(/^The breaker is open/) });
  });

  it("does not change while nothing happens, and is unknown after a minute without an end", () => {
    const { order, run, clock, end } = world();
    order({ run: "r", keys: keys("a", 30) });
    end(20);
    const before = run("r");
    for (let seconds = 0; seconds < 60; seconds += 10) {
      expect(run("r")).toEqual(before);
      clock.advance(10);
    }
    clock.advance(1);
    expect(run("r")).toMatchObject({
      perSecond: null,
      secondsLeft: null,
      why: expect.stringMatching(/^No job has ended since 2026-\S+Z\.$/),
    });
  });

  it("follows jobs that come in batches, and a change within some fifty ends", () => {
    const { order, paces, clock, end, ends } = world();
    order({ run: "r", keys: keys("a", 30) });
    end(60);
    expect(paces().all.perSecond).toBe(1);
    for (let times = 0; times < 3; times += 1) {
      clock.advance(120);
      ends(72);
    }
    expect(paces().all.perSecond).toBe(0.6);
  });

  type World = ReturnType<typeof world>;
  const patch = (made: World, change: Parameters<World["ledger"]["patchGate"]>[0]) =>
    made.ledger.patchGate(change, "ops");
  const settled = ({ settle, call, ready }: World, outcome: Parameters<World["settle"]>[2]) => {
    const [one] = ready("o", call("o").give).filter(({ phase }) => phase === "admitted");
    settle("o", one!, outcome);
  };

  it.each<[string, (made: World) => unknown, (made: World) => unknown]>([
    ["a pause", (made) => patch(made, { paused: { bulk: true } }), (made) => patch(made, { paused: { bulk: false } })],
    [
      "a breaker",
      (made) => settled(made, { kind: "account", status: 402, message: "no" }),
      (made) => patch(made, { breaker: { state: "closed" } }),
    ],
    ["a 429", (made) => settled(made, { kind: "throttled", until: made.clock.ms + 30_000 }), () => undefined],
  ])("leaves out the 30 s of %s: it is near the truth from the first answer after that", (_, hold, release) => {
    const made = world();
    const { order, run, end, clock } = made;
    order({ run: "r", keys: keys("a", 400) });
    end(60);
    hold(made);
    expect(run("r")?.secondsLeft).toBeNull();
    clock.advance(30);
    release(made);
    for (let seconds = 0; seconds < 60; seconds += 1) {
      expect(isNear(run("r")?.secondsLeft, 400)).toBe(true);
      end(1);
    }
  });

  it("leaves out a pause of ten minutes, and the viewers' few jobs that ended in it", () => {
    const { order, run, end, ends, clock, ledger } = world();
    order({ run: "r", keys: keys("a", 400) });
    end(150);
    ledger.patchGate({ paused: { bulk: true } }, "ops");
    for (let n = 0; n < 60; n += 1) {
      clock.advance(10);
      ends(1);
    }
    ledger.patchGate({ paused: { bulk: false } }, "ops");
    for (let seconds = 0; seconds < 60; seconds += 1) {
      expect(isNear(run("r")?.secondsLeft, 400)).toBe(true);
      end(1);
    }
  });

  it("is smooth: jobs that end now three times as fast and now three times as slowly change little", () => {
    const { order, run, clock, ends } = world();
    order({ run: "r", keys: keys("a", 400) });
    for (let second = 0; second < 240; second += 1) {
      clock.advance(1);
      ends((second + 1) % 20 < 10 ? 6 : 2);
      if (second > 120) expect(isNear(run("r")?.secondsLeft, 100)).toBe(true);
    }
  });

  it("is known after an eviction, which counts the time that it did not see neither as work nor as silence", () => {
    const { order, end, evict, clock } = world();
    order({ run: "r", keys: keys("a", 400) });
    end(60);
    clock.advance(600);
    const ledger = evict();
    for (let seconds = 0; seconds < 60; seconds += 1) {
      expect(isNear(ledger.getRun({ run: "r" })?.pace.secondsLeft, 400)).toBe(true);
      clock.advance(1);
      ledger.transactions.write((tx) => tx.statistics.count("stored", 1));
    }
  });

  it("of work that has just come is not that of the time before", () => {
    const { order, run, end, clock } = world();
    end(20);
    clock.advance(30);
    order({ run: "r", keys: keys("a", 3) });
    expect(run("r")).toMatchObject({ perSecond: null, secondsLeft: null, why: "Too few jobs have ended yet." });
    end(3);
    expect(run("r")).toMatchObject({ perSecond: 1, secondsLeft: 3 });
  });
});
