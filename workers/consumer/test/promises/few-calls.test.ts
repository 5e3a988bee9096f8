import { expect, it } from "vitest";
import { CalmWorld } from "../../../../test/world/calm-world.ts";

const COUNT = 300;
const CALLS_MAX = 1.2;

it("needs a POST and a share of a page for each variant", async () => {
  const world = new CalmWorld({ gate: { concurrency: 1_000, ratePerSecond: 1_000, burst: 1_000 } });
  const { clock, ittybit } = world;
  ittybit.plan = () => ({ ms: 2_000 });
  await world.accept(
    "bulk",
    Object.fromEntries(Array.from({ length: COUNT }, (_, n) => [`p${n}`, [`p${n}/400-high.webp`]])),
  );
  for (let turn = 0; turn < 60 && world.stored < COUNT; turn += 1) await clock.run(1_500);
  expect(world.stored).toBe(COUNT);
  expect(ittybit.calls.filter((call) => call.startsWith("submit"))).toHaveLength(COUNT);
  expect(ittybit.calls.length / COUNT).toBeLessThanOrEqual(CALLS_MAX);
  expect(world.violations).toEqual([]);
});
