import { describe, expect, it } from "vitest";
import { noteAccepted, noteLimited, noteThrottled } from "../src/admission/auto-gate.ts";
import type { Refusal } from "../src/admission/gate.ts";
import { newGateMemory } from "../src/memory/gate-memory.ts";
import { limitsOf } from "../src/tables/gate-state.ts";
import { AutoWorld, type Service } from "../src/testing/auto-world.ts";

/** Not the seeds that the constants were chosen on. */
const SEEDS = [201, 202, 203];
/** From the POST until an end is seen, beside the job itself, in ms: a slot is taken for so long too. */
const ROUND_MS = 350;
/** Wanted: this share of the limit at least, and this share of refused calls at most. */
const REACHED = 0.75;
const REFUSED = 0.02;

/** Jobs a second that a gate which knew the service's limits would reach. */
function limitOf({ rate, slots, jobMs }: Service): number {
  return Math.min(rate, (slots * 1000) / (jobMs + ROUND_MS));
}

/** Share of the limit that was reached, and of the calls that were refused, in the last so many seconds. */
function reached(worlds: AutoWorld[], seconds: number) {
  const sum = (what: "taken" | "refused" | "ended", of: AutoWorld[]) =>
    of.flatMap((world) => world.seconds.slice(-seconds)).reduce((all, second) => all + second[what], 0);
  const shares = worlds.map((world) => sum("ended", [world]) / seconds / limitOf(world.service));
  const refused = sum("refused", worlds);
  return {
    share: shares.reduce((all, share) => all + share, 0) / shares.length,
    refused: refused / (sum("taken", worlds) + refused),
  };
}

const LIMITS = [
  [5, 5],
  [5, 500],
  [20, 50],
  [60, 500],
  [200, 5],
  [200, 50],
  [200, 500],
] as const;
const JOB_TIMES = [300, 1_000, 5_000] as const;

describe("an automatic gate before a service that allows", () => {
  it.each(LIMITS.flatMap(([rate, slots]) => JOB_TIMES.map((jobMs) => [rate, slots, jobMs] as const)))(
    "%i a second and %i at once, with jobs of %i ms, reaches the limit in 90 s and is seldom refused",
    (rate, slots, jobMs) => {
      const worlds = SEEDS.map((seed) => new AutoWorld({ rate, slots, jobMs }, { seed }).run(300));
      const { share, refused } = reached(worlds, 210);
      expect(share).toBeGreaterThanOrEqual(REACHED);
      expect(refused).toBeLessThanOrEqual(REFUSED);
    },
  );
});

describe("an automatic gate follows", () => {
  const CHANGES = [
    [{ rate: 20, slots: 500 }, { rate: 60 }],
    [{ rate: 60, slots: 500 }, { rate: 20 }],
    [{ rate: 200, slots: 50 }, { slots: 100 }],
    [{ rate: 200, slots: 100 }, { slots: 50 }],
    [{ rate: 200, slots: 20 }, { slots: 80 }],
    [
      { rate: 100, slots: 500 },
      { rate: 10, slots: 20 },
    ],
  ] as const;

  it.each(CHANGES.flatMap((change) => [500, 2_000, 5_000].map((jobMs) => [...change, jobMs] as const)))(
    "a change of %o to %o in 90 s, with jobs of %i ms",
    (from, to, jobMs) => {
      const worlds = SEEDS.map((seed) => new AutoWorld({ ...from, jobMs }, { seed }).run(150));
      for (const world of worlds) {
        Object.assign(world.service, to);
        world.run(180);
      }
      const { share, refused } = reached(worlds, 90);
      expect(share).toBeGreaterThanOrEqual(REACHED);
      expect(refused).toBeLessThanOrEqual(REFUSED);
    },
  );
});

/** Why the gate refuses a job. */
const SLOTS: Refusal = { code: "slots", until: null };
const TOKENS: Refusal = { code: "tokens", until: 1 };

/** A gate to which nothing happens but what the test does. */
function gateOf(gate: ConstructorParameters<typeof AutoWorld>[1] = {}) {
  const { gate: one } = new AutoWorld({ rate: 1, slots: 1, jobMs: 1_000 }, gate);
  const limits = () => {
    const { concurrency, ratePerSecond } = limitsOf(one.state, one.config);
    return { concurrency, ratePerSecond };
  };
  const accepted = (n: number) => {
    for (let posts = 0; posts < n; posts += 1) noteAccepted(one);
  };
  const later = (seconds: number) => {
    one.now += seconds * 1000;
  };
  return { gate: one, limits, accepted, later };
}

describe("an automatic limit", () => {
  it("rises by a step while it holds jobs back and Ittybit accepts POSTs, and says why", () => {
    const { gate, limits, accepted, later } = gateOf();
    later(3);
    noteLimited(gate, TOKENS);
    accepted(10);
    expect(limits()).toEqual({ concurrency: 50, ratePerSecond: 22 });
    expect(gate.state.auto.ratePerSecond).toEqual({
      value: 22,
      why: "Raised: work waited, and The service took all it was given.",
      since: gate.now,
    });
  });

  it("does not rise while it holds nothing back, however much Ittybit accepts", () => {
    const { gate, limits, accepted, later } = gateOf();
    noteLimited(gate, SLOTS);
    for (let seconds = 0; seconds < 60; seconds += 3) {
      later(3);
      accepted(100);
    }
    expect(limits()).toEqual({ concurrency: 50, ratePerSecond: 20 });
  });

  it("rises no more than once in three seconds, and only after ten accepted POSTs", () => {
    const { gate, limits, accepted, later } = gateOf();
    noteLimited(gate, SLOTS);
    later(2);
    accepted(100);
    expect(limits().concurrency).toBe(50);
    later(1);
    noteLimited(gate, SLOTS);
    accepted(1);
    expect(limits().concurrency).toBe(55);
    later(3);
    noteLimited(gate, SLOTS);
    accepted(9);
    expect(limits().concurrency).toBe(55);
  });

  it("is not what holds back a job that a higher lane outranks", () => {
    const { gate, limits, accepted, later } = gateOf();
    later(3);
    noteLimited(gate, { code: "tokens", until: null });
    accepted(10);
    expect(limits()).toEqual({ concurrency: 50, ratePerSecond: 20 });
  });

  it("falls once for all refused jobs of a burst, and again for the next burst", () => {
    const { gate, limits, later } = gateOf();
    noteLimited(gate, SLOTS);
    for (let refused = 0; refused < 20; refused += 1) {
      noteThrottled(gate);
      gate.now += 50;
    }
    expect(limits()).toEqual({ concurrency: 40, ratePerSecond: 20 });
    expect(gate.state.auto.concurrency?.why).toBe("Lowered: The service answered 429.");
    later(2);
    noteLimited(gate, SLOTS);
    noteThrottled(gate);
    expect(limits()).toEqual({ concurrency: 32, ratePerSecond: 20 });
  });

  it("falls with the other one when neither held jobs back: a 429 does not say which of them it means", () => {
    const { gate, limits } = gateOf();
    noteThrottled(gate);
    expect(limits()).toEqual({ concurrency: 40, ratePerSecond: 16 });
  });

  it("falls when the other one holds jobs back but is a number, which never moves", () => {
    const { gate, limits } = gateOf({ gate: { ratePerSecond: 20 } });
    noteLimited(gate, TOKENS);
    noteThrottled(gate);
    expect(limits()).toEqual({ concurrency: 40, ratePerSecond: 20 });
  });

  it("takes small steps up to where it was refused, then large ones", () => {
    const { gate, limits, accepted, later } = gateOf();
    const raise = () => {
      later(3);
      noteLimited(gate, TOKENS);
      accepted(10);
      return limits().ratePerSecond;
    };
    noteLimited(gate, TOKENS);
    noteThrottled(gate);
    expect(raise()).toBeCloseTo(16 * 1.02, 2);
    const small = Array.from({ length: 9 }, raise).at(-1) ?? 0;
    expect(small).toBeGreaterThan(19);
    expect(raise() / small).toBeCloseTo(1.1, 2);
  });

  it("takes small steps after an eviction: what was found is kept", () => {
    const { gate, limits, accepted, later } = gateOf();
    gate.state.auto.ratePerSecond = { value: 40, why: "", since: gate.now };
    gate.memory = newGateMemory(gate.now);
    later(3);
    noteLimited(gate, TOKENS);
    accepted(10);
    expect(limits().ratePerSecond).toBeCloseTo(40.8);
  });

  it("keeps to its bounds", () => {
    const auto = { concurrency: { start: 50, min: 1, max: 30 }, ratePerSecond: { start: 20, min: 10, max: 12 } };
    const gate = { auto };
    const fast = new AutoWorld({ rate: 200, slots: 500, jobMs: 2_000 }, { gate }).run(120);
    expect(limitsOf(fast.gate.state, fast.gate.config)).toMatchObject({ concurrency: 30, ratePerSecond: 12 });
    const slow = new AutoWorld({ rate: 2, slots: 500, jobMs: 2_000 }, { gate }).run(120);
    expect(limitsOf(slow.gate.state, slow.gate.config).ratePerSecond).toBe(10);
  });

  it("that is a number never moves, not even when Ittybit answers 429", () => {
    const gate = { concurrency: 50, ratePerSecond: 20 };
    const world = new AutoWorld({ rate: 5, slots: 5, jobMs: 1_000 }, { gate }).run(60);
    expect(world.seconds.reduce((all, { refused }) => all + refused, 0)).toBeGreaterThan(10);
    expect(world.gate.state.auto).toEqual({ concurrency: null, ratePerSecond: null });
    expect(limitsOf(world.gate.state, world.gate.config)).toMatchObject(gate);
  });
});
