import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

const KEY = "a/400-high.webp";

describe("sweep", () => {
  it("takes back rows of a lease that is over", () => {
    const { clock, steps, row, granted } = setup();
    granted("o", KEY);
    clock.advance(59);
    steps.sweep();
    expect(row(KEY)?.owner).toBe("o");
    clock.advance(1);
    steps.sweep();
    expect(row(KEY)).toMatchObject({ owner: null, state: 0, due: clock.ms, granted: 1 });
  });

  it("gives a row with an intent 30 s more, for a put that is under way", async () => {
    const { clock, steps, row, granted, cancel } = setup();
    granted("o", KEY);
    await cancel(KEY);
    clock.advance(89);
    steps.sweep();
    expect(row(KEY)).toMatchObject({ owner: "o", state: 1 });
    clock.advance(1);
    steps.sweep();
    expect(row(KEY)).toMatchObject({ owner: null, state: 5 });
  });

  it("ends a job that alone killed three handlers, and no innocent mate of it", async () => {
    const { clock, ledger, steps, row, claim, settle, accept, stored, job } = setup();
    const mate = "b/1-high.webp";
    accept(KEY, mate);
    ledger.claim("o0", [{ keys: [KEY, mate], live: false, at: clock.ms }]);
    const crash = () => {
      clock.advance(61);
      steps.sweep();
    };
    crash();
    const alone = claim("m", mate);
    expect(settle("m", mate, stored(alone.do === "run" ? alone.gen : 0))).toBe("ok");
    for (const owner of ["o1", "o2", "o3"]) {
      expect(claim(owner, KEY).do).toBe("run");
      crash();
    }
    expect(await job(KEY)).toMatchObject({ state: "dead", error: { code: "crashed" }, attempts: 1 });
    expect(row(mate)).toMatchObject({ state: 3, crashes: 0 });
  });

  it("forgets a row's crashes as soon as a handler settles it", () => {
    const { clock, steps, row, claim, settle, granted } = setup();
    granted("o", KEY);
    clock.advance(61);
    steps.sweep();
    claim("p", KEY);
    settle("p", KEY, { kind: "pending", due: clock.ms });
    expect(row(KEY)?.crashes).toBe(0);
  });

  it("gives a job up that Ittybit does not end: an attempt, a new generation, the old one's slot kept", async () => {
    const { clock, steps, row, settle, submit, granted, abandoned, attempts } = setup();
    const gen = granted("o", KEY);
    submit("o", KEY, gen);
    settle("o", KEY, { kind: "pending", due: clock.ms });
    clock.advance(600);
    steps.sweep();
    expect(row(KEY)?.gen).toBe(gen);
    clock.advance(1);
    steps.sweep();
    expect(row(KEY)).toMatchObject({ state: 2, attempts: 1, due: clock.ms, granted: 0 });
    expect(abandoned()).toMatchObject([{ gen, job: "j" }]);
    expect(await attempts(KEY)).toMatchObject([{ code: "upstream_stuck", tookMs: 601_000 }]);
    clock.advance(601);
    steps.sweep();
    expect(abandoned()).toEqual([]);
  });

  it("measures the deadline from the job's beginning, not from the order's", () => {
    const { clock, ledger, steps, row, claim, settle, submit, accept } = setup();
    ledger.patchGate({ paused: { bulk: true } }, "test");
    accept(KEY);
    clock.advance(7 * 86_400);
    ledger.patchGate({ paused: { bulk: false } }, "test");
    const answer = claim("o", KEY);
    const gen = answer.do === "run" ? answer.gen : 0;
    submit("o", KEY, gen);
    settle("o", KEY, { kind: "pending", due: clock.ms });
    steps.sweep();
    expect(row(KEY)).toMatchObject({ gen, attempts: 0 });
  });
});

describe("the collector's side", () => {
  it("says what is open upstream, and makes ended jobs due", async () => {
    const { clock, steps, row, settle, submit, granted, abandoned, cancel } = setup();
    const gen = granted("o", KEY);
    expect(steps.openAtIttybit()).toEqual({ count: 0, waited: true });
    submit("o", KEY, gen);
    expect(steps.openAtIttybit()).toEqual({ count: 1, waited: true });
    settle("o", KEY, { kind: "pending", due: clock.ms + 60_000 });
    expect(steps.openAtIttybit().waited).toBe(false);
    expect(steps.openJobsAtIttybit()).toEqual([{ ittybitJob: "j", submittedAt: clock.ms }]);
    expect(steps.observeEnded(["other", "j"])).toBe(1);
    expect(row(KEY)?.due).toBe(clock.ms);
    await cancel(KEY);
    expect(abandoned()).toHaveLength(1);
    steps.observeEnded(["j"]);
    expect(abandoned()).toEqual([]);
  });
});

describe("recover", () => {
  it("voids claims and holds after a local start, and blames nobody", () => {
    const { ledger, steps, row, accept, granted } = setup();
    granted("o", KEY);
    accept("b/1-high.webp");
    steps.dispatch();
    ledger.recover();
    expect(row(KEY)).toMatchObject({ owner: null, crashes: 0, state: 0 });
    expect(row("b/1-high.webp")?.hold).toBe(0);
    expect(
      steps
        .dispatch()
        .flatMap(({ keys }) => keys)
        .sort(),
    ).toEqual([KEY, "b/1-high.webp"]);
  });
});
