import { describe, expect, it } from "vitest";
import { setup } from "../testing/setup.ts";

const keys = (n: number, of: string) => Array.from({ length: n }, (_, at) => `${of}${at}/400-high.webp`);

/** A ledger whose worker can start jobs at Ittybit, and what its gate says of Ittybit's pace. */
function world() {
  const all = setup({ gate: { concurrency: 200, ratePerSecond: 200, burst: 200 }, budget: { month: null } });
  const start = (of: string, count: number): string[] => {
    all.accept(...keys(count, of));
    const jobs: string[] = [];
    for (let call = 0; call < 20 && jobs.length < count; call += 1) {
      const owner = `${of}${call}`;
      for (const one of all.ready(owner, all.call(owner).give).filter(({ phase }) => phase === "admitted")) {
        all.submit(owner, one);
        jobs.push(`job-${one.gen}`);
      }
      all.leave(owner);
      all.clock.advance(0.5);
    }
    expect(jobs).toHaveLength(count);
    return jobs;
  };
  const slow = () => all.ledger.getGate().reasons.find(({ code }) => code === "slow")?.message ?? null;
  return { ...all, start, slow };
}

describe("Ittybit counts as slow", () => {
  it("while half of its open jobs are late, and no longer when they have ended", () => {
    const { clock, start, slow, ended, ledger } = world();
    const late = start("a", 6);
    clock.advance(590);
    const young = start("b", 6);
    expect(slow()).toBeNull();
    clock.advance(20);
    expect(slow()).toMatch(/^Ittybit is slow: 6 of 12 jobs there began more than 10 min ago/);
    expect(ledger.getGate().breaker.state).toBe("closed");
    const more = start("c", 1);
    expect(slow()).toBeNull();
    ended(...young, ...more);
    expect(slow()).toMatch(/^Ittybit is slow: 6 of 6 jobs there/);
    ended(...late);
    expect(slow()).toBeNull();
  });

  it("not while four jobs are late", () => {
    const { clock, start, slow } = world();
    start("a", 4);
    clock.advance(700);
    expect(slow()).toBeNull();
  });

  it("not where jobs take that long: late is ten times what nearly all take", () => {
    const { clock, start, slow, ended } = world();
    const first = start("a", 20);
    clock.advance(400);
    ended(...first);
    start("b", 10);
    clock.advance(3_000);
    expect(slow()).toBeNull();
    clock.advance(1_300);
    expect(slow()).toContain("more than 67 min ago");
  });
});
