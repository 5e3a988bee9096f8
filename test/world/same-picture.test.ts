import { expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";
import { jobsIn } from "./histories/ledger-look.ts";

/** Originals of this world are 1000 px wide: each of these shows all of one. */
const WIDTHS = [1080, 1200, 1440, 1920, 2048];

/** Accepts all widths of so many originals, lets a minute pass, and answers how many jobs they cost. */
async function jobsOf(originals: number, jobMs: number): Promise<number> {
  const world = new CalmWorld();
  world.ittybit.plan = () => ({ ms: jobMs });
  const ids = Array.from({ length: originals }, (_, n) => `picture-${n}`);
  const keysOf = (id: string) => WIDTHS.map((width) => `${id}/${width}-high.webp`);
  await world.accept("bulk", Object.fromEntries(ids.map((id) => [id, keysOf(id)])));
  await world.clock.run(60_000);
  expect(jobsIn(world.sql)).toEqual([]);
  expect(world.violations).toEqual([]);
  return world.ittybit.jobs.length;
}

it("all widths from a small original's own up cost one job, also one that takes half a minute", async () => {
  expect([await jobsOf(1, 2_000), await jobsOf(1, 30_000)]).toEqual([1, 1]);
});

it("so do those of forty originals, and none of them keeps another out of a worker's hands", async () => {
  expect(await jobsOf(40, 10_000)).toBe(40);
});
