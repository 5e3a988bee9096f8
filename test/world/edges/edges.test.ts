import { expect, it } from "vitest";
import { EdgeWorld } from "./edge-world.ts";

/** Histories of this run; more by night and by hand: `EDGES=200 SEED=1`. */
const HISTORIES = Number(process.env.EDGES ?? 24);
const SEED = Number(process.env.SEED ?? 1);

it(`in ${HISTORIES} histories no data centre shows what is older than a change later than 60 s`, {
  timeout: HISTORIES * 20_000,
}, async () => {
  const seen = { views: 0, shown: 0, removed: 0, changes: 0 };
  for (let n = 0; n < HISTORIES; n += 1) {
    const world = new EdgeWorld(SEED + n);
    await world.play();
    expect([world.stale, world.violations], `seed ${SEED + n}`).toEqual([[], []]);
    for (const [name, count] of Object.entries(world.seen)) seen[name as keyof typeof seen] += count;
    await world.close();
  }
  console.log(JSON.stringify(seen));
  // A world in which nothing happens shows nothing.
  expect(Math.min(seen.shown, seen.removed, seen.changes)).toBeGreaterThan(HISTORIES);
});
