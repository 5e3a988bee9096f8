import { describe, expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";
import { createChance } from "./chance.ts";
import { noFaults, scripted } from "./weather.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const IMAGES = 300;
/** Long enough at five jobs a second, also for those of workers that died. */
const BOUND_S = 180;

interface Jumps {
  /** How far the clock of the ledger is ahead for a minute, and later on, in ms. */
  first: number;
  later: number;
}

/** A drain whose ledger has another time from its 20th second on. Seconds until all is stored. */
async function drain({ first, later }: Jumps, prepare?: (world: CalmWorld) => Promise<void>): Promise<number> {
  const faults = noFaults();
  const weather = { ...scripted(() => faults, createChance(1)), message: () => [50] };
  const world = new CalmWorld({ gate: { concurrency: 10, ratePerSecond: 5 }, workers: 4, weather });
  const ids = Array.from({ length: IMAGES }, (_, n) => `pic-${n}`);
  await world.accept("bulk", Object.fromEntries(ids.map((id) => [id, [`${id}/400-high.webp`]])));
  await world.clock.run(10 * SECOND);
  // The only worker that the rate needs dies, and another one is to come in time.
  faults.crash.push("posted");
  await world.clock.run(10 * SECOND);
  expect(faults.crash).toEqual([]);
  await prepare?.(world);
  world.skewMs = first;
  let seconds = 20;
  for (; world.stored < IMAGES && seconds < 600; seconds += 5) {
    if (seconds === 80) world.skewMs = later;
    await world.clock.run(5 * SECOND);
  }
  expect(world.violations).toEqual([]);
  expect(new Set(world.ittybit.jobs.map(({ order }) => order.metadata.key)).size).toBe(world.ittybit.jobs.length);
  await world.close();
  return seconds;
}

describe("a drain goes on when the ledger's clock", () => {
  it.each<[string, Jumps]>([
    ["goes back an hour", { first: -HOUR, later: -HOUR }],
    ["is an hour ahead for a minute", { first: HOUR, later: 0 }],
  ])("%s", async (_, jumps) => {
    expect(await drain(jumps)).toBeLessThanOrEqual(BOUND_S);
  });

  it("goes back an hour while Ittybit has asked to wait", async () => {
    const asked = async (world: CalmWorld) => {
      let asks = 1;
      world.ittybit.refuse = () => (asks-- > 0 ? { kind: "throttled", retryAfterMs: 10 * SECOND } : null);
      for (let waited = 0; asks > 0 && waited < 60; waited += 1) await world.clock.run(SECOND);
      expect(asks).toBeLessThan(1);
      await world.clock.run(2 * SECOND);
    };
    expect(await drain({ first: -HOUR, later: -HOUR }, asked)).toBeLessThanOrEqual(BOUND_S);
  });
});
