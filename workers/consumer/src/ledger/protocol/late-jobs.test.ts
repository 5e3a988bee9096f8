import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";
import { NOTHING } from "./sightings.ts";

const keys = (n: number, of = "a") => Array.from({ length: n }, (_, at) => `${of}${at}/400-high.webp`);

/** A ledger that has `n` jobs under way at Ittybit. */
function underWay(n: number) {
  const world = setup({ gate: { concurrency: 200, ratePerSecond: 200, burst: 200, monthlyJobs: null } });
  const start = (of: string, count: number): string[] => {
    world.accept(...keys(count, of));
    const jobs: string[] = [];
    for (let call = 0; call < 100 && jobs.length < count; call += 1) {
      const owner = `${of}${Math.floor(call / 5)}`;
      const go = world.ready(owner, world.call(owner).give).filter(({ phase }) => phase === "go");
      for (const one of go) {
        world.submit(owner, one);
        jobs.push(`job-${one.gen}`);
      }
      if (call % 5 === 4) world.leave(owner);
      world.clock.advance(0.5);
    }
    return jobs;
  };
  const jobs = start("a", n);
  expect(jobs).toHaveLength(n);
  const breaker = () => world.ledger.getGate().breaker;
  return { ...world, start, jobs, breaker };
}

describe("Ittybit is slow", () => {
  it("when five jobs are late and hardly any that began later has ended: the breaker opens, and says so", () => {
    const { clock, jobs, pending, breaker, slots, attempts } = underWay(5);
    clock.advance(590);
    pending(...jobs);
    expect(breaker().state).toBe("closed");
    clock.advance(30);
    pending(...jobs);
    expect(breaker()).toMatchObject({
      state: "open",
      reason: "Ittybit is slow: 5 jobs began more than 10 min ago and have not ended.",
    });
    // Nobody is blamed, and nothing is made again.
    expect([slots(), attempts("a0/400-high.webp")]).toEqual([5, []]);
  });

  it("no longer when a probe has ended, not when it was merely taken", () => {
    const { clock, jobs, pending, ended, start, breaker, accept, call, ready, submit, leave } = underWay(5);
    clock.advance(700);
    pending(...jobs);
    accept(...keys(3, "b"));
    const go = () => ready("p", call("p").give).filter(({ phase }) => phase === "go");
    expect(go()).toEqual([]);
    leave("p");
    clock.advance(31);
    const [probe, ...more] = ready("q", call("q").give).filter(({ phase }) => phase === "go");
    expect(more).toEqual([]);
    submit("q", probe!);
    leave("q");
    pending(...jobs, `job-${probe?.gen}`);
    clock.advance(300);
    expect(breaker().state).not.toBe("closed");
    const others = () => ready("r", call("r").give).filter(({ phase }) => phase === "go");
    expect(others()).toEqual([]);
    leave("r");
    ended(`job-${probe?.gen}`);
    expect(breaker().state).toBe("closed");
    // The late ones are of the time before: they open it no more.
    clock.advance(700);
    pending(...jobs);
    expect(breaker().state).toBe("closed");
    expect(start("c", 2).length).toBeGreaterThanOrEqual(2);
  });

  it("and a breaker that an operator has closed over late jobs stays closed: they began before", () => {
    const { clock, jobs, pending, breaker, ledger } = underWay(5);
    clock.advance(700);
    pending(...jobs);
    expect(breaker().state).toBe("open");
    ledger.patchGate({ breaker: { state: "closed" } }, "test");
    for (let minutes = 0; minutes < 60; minutes += 1) {
      clock.advance(60);
      pending(...jobs);
    }
    expect(breaker().state).toBe("closed");
  });

  it("and a breaker that a quick probe has closed over late jobs stays closed", () => {
    const { clock, jobs, pending, ended, start, breaker } = underWay(5);
    clock.advance(700);
    pending(...jobs);
    clock.advance(31);
    const [probe] = start("b", 1);
    clock.advance(1);
    ended(probe!);
    expect(breaker().state).toBe("closed");
    pending(...jobs);
    expect(breaker().state).toBe("closed");
  });

  it("and lets another probe go when the first is late too", () => {
    const { clock, jobs, pending, accept, call, ready, submit, leave } = underWay(5);
    clock.advance(700);
    pending(...jobs);
    accept(...keys(3, "b"));
    clock.advance(31);
    const goes = (owner: string) => {
      const go = ready(owner, call(owner).give).filter(({ phase }) => phase === "go");
      for (const one of go) submit(owner, one);
      leave(owner);
      return go.length;
    };
    expect([goes("p"), goes("q")]).toEqual([1, 0]);
    clock.advance(590);
    expect(goes("r")).toBe(0);
    clock.advance(20);
    expect([goes("s"), goes("t")]).toEqual([1, 0]);
  });

  it.each([
    ["four jobs are late", 4, 0],
    ["the late ones are stragglers of a run that has gone through", 60, 50],
  ])("not while %s", (_, began, over) => {
    const { clock, jobs, pending, ended, breaker } = underWay(began);
    ended(...jobs.filter((_job, at) => at % 6 !== 0).slice(0, over));
    clock.advance(700);
    pending(...jobs);
    expect(breaker().state).toBe("closed");
  });

  it("not where jobs take that long: late is a multiple of what nearly all take", () => {
    const { clock, jobs, pending, ended, start, breaker } = underWay(20);
    clock.advance(400);
    ended(...jobs);
    const next = start("b", 10);
    clock.advance(3_000);
    pending(...next);
    expect(breaker().state).toBe("closed");
    clock.advance(1_300);
    pending(...next);
    expect(breaker()).toMatchObject({ state: "open", reason: expect.stringContaining("more than 67 min ago") });
  });

  it("is not known to an instance that has just begun", () => {
    const { clock, jobs, pending, evict } = underWay(5);
    clock.advance(590);
    pending(...jobs);
    const later = evict();
    clock.advance(30);
    later.steps.collected({ ...NOTHING, pending: jobs });
    expect(later.getGate().breaker.state).toBe("closed");
  });
});
