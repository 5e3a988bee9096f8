import { describe, expect, it } from "vitest";
import type { CrashPoint } from "../../workers/consumer/src/making/crash-points.ts";
import { CalmWorld } from "./calm-world.ts";
import { createChance } from "./chance.ts";
import { noFaults, scripted } from "./weather.ts";

const SECOND = 1_000;
const POISON = "poison/400-high.webp";
const OTHERS = Array.from({ length: 20 }, (_, at) => `p${at}/400-high.webp`);
const wishOf = (keys: string[]) => Object.fromEntries(keys.map((key) => [key.split("/")[0] ?? "", [key]]));

/** Two slots, of which bulk leaves one to viewers, and one variant that kills every handler at some point of its way. */
async function poisoned(point: CrashPoint, lists = true) {
  const weather = scripted(noFaults, createChance(1));
  let deaths = 0;
  const world = new CalmWorld({
    gate: { concurrency: 2, ratePerSecond: 4, burst: 4 },
    weather: {
      ...weather,
      message: () => [50],
      point: (at, key) => {
        if (key !== POISON || at !== point) return 0;
        deaths += 1;
        return "dies";
      },
    },
  });
  world.ittybit.lists = lists;
  await world.accept("bulk", wishOf([POISON]));
  await world.accept("bulk", wishOf(OTHERS));
  return { world, deaths: () => deaths };
}

/** Seconds until all others are stored, and the longest time in which none was. */
async function drained(world: CalmWorld): Promise<{ all: number; gap: number }> {
  let [all, gap, since, last] = [0, 0, 0, 0];
  for (; world.stored < OTHERS.length && all < 3_600; all += 1) {
    await world.clock.run(SECOND);
    since = world.stored === last ? since + 1 : 0;
    last = world.stored;
    gap = Math.max(gap, since);
  }
  return { all, gap };
}

describe("at concurrency 2, a variant that kills three handlers", () => {
  it.each(["headed", "before-post", "posted"] as const)(
    "at %s delays the others by less than a minute",
    async (point) => {
      const { world, deaths } = await poisoned(point);
      const { all, gap } = await drained(world);
      expect(deaths()).toBeGreaterThan(0);
      expect({ gap: gap < 60, all: all < 120 }, `gap ${gap} s, all after ${all} s`).toEqual({ gap: true, all: true });
      expect(world.violations).toEqual([]);
    },
  );

  it.each(["before-post", "posted"] as const)("at %s does so too where Ittybit lists no jobs", async (point) => {
    const { world } = await poisoned(point, false);
    const { all, gap } = await drained(world);
    expect({ gap: gap < 60, all: all < 120 }, `gap ${gap} s, all after ${all} s`).toEqual({ gap: true, all: true });
  });
});
