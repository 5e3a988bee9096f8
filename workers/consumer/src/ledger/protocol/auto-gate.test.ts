import { describe, expect, it } from "vitest";
import { settingsOf } from "../tables/gate-state.ts";
import { AutoWorld, type Service } from "../testing/auto-world.ts";
import { adjust, noteThrottled } from "./auto-gate.ts";
import { newGateMemory } from "./gate-memory.ts";

/** Not those that the constants were tuned on. */
const SEEDS = [101, 102, 103];
/** From the POST until an end is seen, beside the job itself, in ms: for so long a slot is taken too. */
const ROUND_MS = 350;

/** Jobs a second that a gate which knew the service's limits would reach. */
function limitOf({ rate, slots, jobMs }: Service): number {
  return Math.min(rate, (slots * 1000) / (jobMs + ROUND_MS));
}
function sum(of: AutoWorld["seconds"], what: "taken" | "refused" | "ended"): number {
  return of.reduce((all, second) => all + second[what], 0);
}
/** Part of the limit that was reached, and of the calls that were refused. */
function reached(worlds: AutoWorld[], seconds: number) {
  const parts = worlds.map((world) => sum(world.last(seconds), "ended") / seconds / limitOf(world.service));
  const calls = worlds.flatMap((world) => world.last(seconds));
  const refused = sum(calls, "refused") / (sum(calls, "taken") + sum(calls, "refused"));
  return { mean: parts.reduce((all, part) => all + part, 0) / parts.length, least: Math.min(...parts), refused };
}
/** How far the least half minute stays behind the best. */
function swing(world: AutoWorld, seconds: number): number {
  const halves = Array.from({ length: Math.floor(seconds / 30) }, (_, n) =>
    sum(world.last(seconds).slice(30 * n, 30 * n + 30), "ended"),
  );
  return 1 - Math.min(...halves) / Math.max(...halves);
}
const service = (rate: number, slots: number, jobMs: number, beyond: Service["beyond"]): Service => ({
  ...{ rate, slots, jobMs, beyond },
  jitter: 0.3,
});
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
const GRID = LIMITS.flatMap(([rate, slots]) => JOB_TIMES.map((jobMs) => [rate, slots, jobMs] as const));

describe("an automatic gate before a service that answers 429", () => {
  it.each(GRID)(
    "of %i a second and %i at once, jobs of %i ms, reaches the limit in 90 s and is seldom refused",
    (...of) => {
      const worlds = SEEDS.map((seed) => new AutoWorld(service(...of, "refuses"), { seed }).run(300));
      const { mean, refused } = reached(worlds, 210);
      expect(mean).toBeGreaterThanOrEqual(0.85);
      expect(refused).toBeLessThanOrEqual(0.02);
      for (const world of worlds) expect(swing(world, 210)).toBeLessThanOrEqual(1 / 3);
    },
  );
});

describe("an automatic gate before a service that lets jobs queue", () => {
  it.each(GRID)(
    "of %i a second and %i at once, jobs of %i ms, reaches the limit and keeps the queue short",
    (...of) => {
      const worlds = SEEDS.map((seed) => new AutoWorld(service(...of, "queues"), { seed }).run(300));
      expect(reached(worlds, 210).least).toBeGreaterThanOrEqual(0.85);
      for (const world of worlds) {
        expect(swing(world, 210)).toBeLessThanOrEqual(1 / 3);
        // Without the gradient it would be 1,000 at once, each job behind all the others.
        const needed =
          (Math.min(world.service.rate, (world.service.slots * 1000) / world.service.jobMs) *
            (world.service.jobMs + ROUND_MS)) /
          1000;
        expect(settingsOf(world.gate.state, world.gate.config).concurrency).toBeLessThanOrEqual(
          Math.ceil(2.5 * needed) + 2,
        );
      }
    },
  );
});

describe("an automatic gate follows", () => {
  /** The part of the new limit reached, and of the calls refused, from 90 s after the change on. */
  const after = (from: Service, to: Partial<Service>) => {
    const worlds = SEEDS.map((seed) => new AutoWorld({ ...from }, { seed }).run(150));
    for (const world of worlds) {
      Object.assign(world.service, to);
      world.run(180);
    }
    return reached(worlds, 90);
  };
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
    "a change of %o to %o in 90 s, jobs of %i ms, whether refused or queued",
    (from, to, jobMs) => {
      const refusing = after(service(from.rate, from.slots, jobMs, "refuses"), to);
      expect(refusing.mean).toBeGreaterThanOrEqual(0.85);
      expect(refusing.refused).toBeLessThanOrEqual(0.02);
      expect(after(service(from.rate, from.slots, jobMs, "queues"), to).mean).toBeGreaterThanOrEqual(0.85);
    },
  );

  it("jobs that just take longer: that is no queue, and in the end as many run at once as are allowed", () => {
    const { mean } = after(service(500, 50, 1_000, "refuses"), { jobMs: 3_000 });
    expect(mean).toBeGreaterThanOrEqual(0.85);
  });
});

describe("an automatic gate", () => {
  const found = (world: AutoWorld) => world.gate.state.auto;

  it("moves nothing where numbers stand, not even when it is refused", () => {
    const gate = { concurrency: 50, ratePerSecond: 20 };
    const world = new AutoWorld(service(5, 5, 1_000, "refuses"), { gate }).run(60);
    expect(sum(world.seconds, "refused")).toBeGreaterThan(10);
    expect(found(world)).toEqual({ concurrency: null, ratePerSecond: null, unqueuedMs: null });
    expect(settingsOf(world.gate.state, world.gate.config)).toMatchObject(gate);
  });

  it("keeps to its bounds", () => {
    const gate = { concurrency: { max: 30 }, ratePerSecond: { min: 10, max: 12 } };
    const fast = new AutoWorld(service(200, 500, 2_000, "refuses"), { gate }).run(120);
    expect(settingsOf(fast.gate.state, fast.gate.config)).toMatchObject({ concurrency: 30, ratePerSecond: 12 });
    const slow = new AutoWorld(service(2, 500, 2_000, "refuses"), { gate }).run(120);
    expect(settingsOf(slow.gate.state, slow.gate.config).ratePerSecond).toBe(10);
  });

  it("says why it moved last, and when", () => {
    const up = new AutoWorld(service(200, 500, 500, "refuses")).run(10);
    expect(found(up).ratePerSecond?.why).toBe("Raised: work waited, and Ittybit took all it was given.");
    const refused = new AutoWorld(service(5, 500, 500, "refuses")).run(5);
    expect(found(refused).ratePerSecond).toMatchObject({ why: "Lowered: Ittybit answered 429." });
    expect(found(refused).ratePerSecond?.since).toBeLessThanOrEqual(refused.gate.now);
    const queueing = new AutoWorld(service(200, 5, 2_000, "queues")).run(30);
    expect(found(queueing).concurrency?.why).toMatch(
      /^Lowered: jobs took \d+\.\d s instead of \d+\.\d s, so that more/,
    );
  });

  it("is written at most once in three seconds, cuts aside", () => {
    const world = new AutoWorld(service(60, 500, 1_000, "refuses"));
    let writes = 0;
    for (let n = 0; n < 300; n += 1) {
      const before = JSON.stringify(world.gate.state.auto);
      if (JSON.stringify(world.run(1).gate.state.auto) !== before) writes += 1;
    }
    expect(writes).toBeLessThanOrEqual(100);
  });

  it("goes on after an eviction from what it had found", () => {
    const world = new AutoWorld(service(60, 500, 1_000, "refuses")).run(120);
    for (let n = 0; n < 4; n += 1) {
      world.gate.memory = newGateMemory(world.gate.now);
      world.run(30);
    }
    const { mean, refused } = reached([world], 120);
    expect(mean).toBeGreaterThanOrEqual(0.85);
    expect(refused).toBeLessThanOrEqual(0.02);
  });

  it("does not climb while nothing waits", () => {
    const { gate } = new AutoWorld(service(60, 500, 1_000, "refuses")).run(5);
    const before = JSON.stringify(gate.state.auto);
    for (let n = 0; n < 60; n += 1) {
      gate.now += 1_000;
      adjust(gate, { used: 50, waiting: false });
    }
    expect(JSON.stringify(gate.state.auto)).toBe(before);
    noteThrottled(gate);
    gate.now += 1_000;
    adjust(gate, { used: 50, waiting: false });
    expect(gate.state.auto.ratePerSecond?.why).toBe("Lowered: Ittybit answered 429.");
  });
});
