import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

const KEY = "a/400-high.webp";

describe("sweep", () => {
  it("takes back rows of a lease that is over", () => {
    const { core, granted, row, clock } = setup();
    granted("o", KEY);
    clock.advance(59);
    core.sweep();
    expect(row(KEY)?.owner).toBe("o");
    clock.advance(1);
    core.sweep();
    expect(row(KEY)).toMatchObject({ owner: null, state: 0, due: clock.ms, granted: 1 });
  });

  it("gives a row with an intent 30 s more, for a put that is under way", () => {
    const { core, granted, row, clock } = setup();
    granted("o", KEY);
    core.cancelKeys([KEY]);
    clock.advance(89);
    core.sweep();
    expect(row(KEY)).toMatchObject({ owner: "o", state: 1 });
    clock.advance(1);
    core.sweep();
    expect(row(KEY)).toMatchObject({ owner: null, state: 5 });
  });

  it("ends a job that alone killed three handlers, and no innocent mate of it", () => {
    const { core, accept, row, clock, claim, settle, stored } = setup();
    const mate = "b/1-high.webp";
    accept(KEY, mate);
    core.claim("o0", [{ keys: [KEY, mate], live: false, at: clock.ms }]);
    const crash = () => {
      clock.advance(61);
      core.sweep();
    };
    crash();
    const alone = claim("m", mate);
    expect(settle("m", mate, stored(alone.do === "run" ? alone.gen : 0))).toBe("ok");
    for (const owner of ["o1", "o2", "o3"]) {
      expect(claim(owner, KEY).do).toBe("run");
      crash();
    }
    expect(core.job(KEY)).toMatchObject({ state: "dead", error: { code: "crashed" }, attempts: 1 });
    expect(row(mate)).toMatchObject({ state: 3, crashes: 0 });
  });

  it("forgets a row's crashes as soon as a handler settles it", () => {
    const { granted, core, clock, claim, settle, row } = setup();
    granted("o", KEY);
    clock.advance(61);
    core.sweep();
    claim("p", KEY);
    settle("p", KEY, { kind: "pending", due: clock.ms });
    expect(row(KEY)?.crashes).toBe(0);
  });

  it("gives a job up that Ittybit does not end: an attempt, a new generation, the old one's slot kept", () => {
    const { core, granted, settle, row, clock, abandoned } = setup();
    const gen = granted("o", KEY);
    core.submitted("o", [{ key: KEY, gen, job: "j", input: "u" }]);
    settle("o", KEY, { kind: "pending", due: clock.ms });
    clock.advance(600);
    core.sweep();
    expect(row(KEY)?.gen).toBe(gen);
    clock.advance(1);
    core.sweep();
    expect(row(KEY)).toMatchObject({ state: 2, attempts: 1, due: clock.ms, granted: 0 });
    expect(abandoned()).toMatchObject([{ gen, job: "j" }]);
    expect(core.attempts(KEY)).toMatchObject([{ code: "upstream_stuck", tookMs: 601_000 }]);
    clock.advance(601);
    core.sweep();
    expect(abandoned()).toEqual([]);
  });

  it("measures the deadline from the job's beginning, not from the order's", () => {
    const { core, accept, claim, settle, row, clock } = setup();
    core.patchGate({ paused: { bulk: true } });
    accept(KEY);
    clock.advance(7 * 86_400);
    core.patchGate({ paused: { bulk: false } });
    const answer = claim("o", KEY);
    const gen = answer.do === "run" ? answer.gen : 0;
    core.submitted("o", [{ key: KEY, gen, job: "j", input: "u" }]);
    settle("o", KEY, { kind: "pending", due: clock.ms });
    core.sweep();
    expect(row(KEY)).toMatchObject({ gen, attempts: 0 });
  });
});

describe("the collector's side", () => {
  it("says what is open upstream, and makes ended jobs due", () => {
    const { core, granted, settle, row, clock, abandoned } = setup();
    const gen = granted("o", KEY);
    expect(core.upstreamOpen()).toEqual({ count: 0, oldestGrantedAt: null, waited: true });
    core.submitted("o", [{ key: KEY, gen, job: "j", input: "u" }]);
    expect(core.upstreamOpen()).toEqual({ count: 1, oldestGrantedAt: clock.ms, waited: true });
    settle("o", KEY, { kind: "pending", due: clock.ms + 60_000 });
    expect(core.upstreamOpen().waited).toBe(false);
    expect(core.upstreamJobs()).toMatchObject([{ job: "j", key: KEY, gen, owned: false }]);
    expect(core.observeEnded(["other", "j"])).toBe(1);
    expect(row(KEY)?.due).toBe(clock.ms);
    core.cancelKeys([KEY]);
    expect(abandoned()).toHaveLength(1);
    core.observeEnded(["j"]);
    expect(abandoned()).toEqual([]);
  });

  it("adopts a job found by its metadata", () => {
    const { core, granted, settle, row } = setup();
    const gen = granted("o", KEY);
    settle("o", KEY, { kind: "unclear", failure: { code: "upstream_unclear", message: "timeout" } });
    core.adopt([{ key: KEY, gen: gen - 1, job: "other" }]);
    expect(row(KEY)?.upstream).toBeNull();
    core.adopt([{ key: KEY, gen, job: "j" }]);
    expect(row(KEY)?.upstream).toBe("j");
  });
});

describe("recover", () => {
  it("voids claims and holds after a local start, and blames nobody", () => {
    const { core, accept, granted, row } = setup();
    granted("o", KEY);
    accept("b/1-high.webp");
    core.dispatch();
    core.recover();
    expect(row(KEY)).toMatchObject({ owner: null, crashes: 0, state: 0 });
    expect(row("b/1-high.webp")?.hold).toBe(0);
    expect(
      core
        .dispatch()
        .flatMap(({ keys }) => keys)
        .sort(),
    ).toEqual([KEY, "b/1-high.webp"]);
  });
});
