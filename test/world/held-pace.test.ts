import { expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";

const SECOND = 1_000;
const VARIANTS = 500;

/** The time left of everything, s. */
async function secondsLeft(world: CalmWorld): Promise<number | null> {
  const stats = await world.clock.until(world.ask((ledger) => ledger.stats()));
  return stats?.paces.all.secondsLeft ?? null;
}

it.each([500, 4_000])(
  "with jobs of %d ms the first time left after a hold by 402 is near the truth, and so is each one after it",
  async (ms) => {
    const world = new CalmWorld({ gate: { concurrency: 50, ratePerSecond: 5, burst: 5 }, budget: { month: null } });
    const [from, to] = [world.clock.now() + 30 * SECOND, world.clock.now() + 55 * SECOND];
    world.ittybit.plan = () => ({ ms });
    world.ittybit.refuse = () => {
      const now = world.clock.now();
      return now >= from && now < to ? { kind: "account", status: 402, message: "pay" } : null;
    };
    const ids = Array.from({ length: VARIANTS / 2 }, (_, n) => `picture${n}`);
    const keysOf = (id: string) => [400, 800].map((width) => `${id}/${width}-high.webp`);
    await world.accept("bulk", Object.fromEntries(ids.map((id) => [id, keysOf(id)])));
    await world.clock.run(55 * SECOND);
    expect(await secondsLeft(world)).toBeNull();
    const answers: { at: number; seconds: number }[] = [];
    while (world.stored < VARIANTS && world.clock.now() < to + 300 * SECOND) {
      await world.clock.run(SECOND);
      const seconds = await secondsLeft(world);
      if (seconds !== null && world.stored < 0.9 * VARIANTS) answers.push({ at: world.clock.now(), seconds });
    }
    const truth = (at: number) => (world.clock.now() - at) / SECOND;
    const wrong = answers.filter(({ at, seconds }) => Math.abs(seconds - truth(at)) > 0.3 * truth(at));
    expect(wrong).toEqual([]);
    expect(answers.length).toBeGreaterThan(20);
  },
);
