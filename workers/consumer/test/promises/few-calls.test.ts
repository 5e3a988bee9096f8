import { expect, it } from "vitest";
import { CalmWorld } from "../../../../test/world/calm-world.ts";

const COUNT = 300;
const CALLS_MAX = 1.3;
const STORED = 3;

it("needs a POST and a share of a page for each variant, however small the batches are", async () => {
  // One message a batch: the worst case for looking by oneself.
  const world = new CalmWorld({ gate: { concurrency: 1_000, ratePerSecond: 1_000, burst: 1_000 }, batchMax: 1 });
  const { clock, ittybit } = world;
  ittybit.plan = () => ({ ms: 2_000 });
  await world.accept(
    "bulk",
    Object.fromEntries(Array.from({ length: COUNT }, (_, n) => [`p${n}`, [`p${n}/400-high.webp`]])),
  );
  for (let turn = 0; turn < 60 && world.count(STORED) < COUNT; turn += 1) await clock.run(1_500);
  expect(world.count(STORED)).toBe(COUNT);
  expect(ittybit.calls.filter((call) => call.startsWith("submit"))).toHaveLength(COUNT);
  // The last hundred are waited for by their handlers, where each batch of one looks for itself.
  expect(ittybit.calls.length / COUNT).toBeLessThanOrEqual(CALLS_MAX);
  expect(world.violations).toEqual([]);
});
