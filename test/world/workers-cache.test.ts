import { describe, expect, it } from "vitest";
import { CENTRES, pathOf } from "./workers-cache/cached-edge.ts";
import { CachedWorld, type CachedWorldOptions, ID, KEYS } from "./workers-cache/cached-world.ts";

const _SECOND = 1_000;
/** Each kind of act is tried at each so many awaits of the story. 1 each night. */
const STEP = Number(process.env.CACHE_STEP ?? 24);
/** Viewers look for so long after an act, seconds: until the purge's repeat has had its effect. */
const AFTER_S = 75;

const ACTS = {
  purge: (world: CachedWorld) => void world.ask((ledger) => ledger.purgeImage(ID, null, "test")),
  replace: (world: CachedWorld) => void world.told("5"),
  force: (world: CachedWorld) => void world.told(null, true),
  focal: (world: CachedWorld) => void world.ask((ledger) => ledger.setFocal(ID, [0.2, 0.3], "test")),
  remove: (world: CachedWorld) => void world.removeImage(ID),
} as const;

/** Variants are made, looked at, made anew and looked at, from two data centres. */
async function story(options: CachedWorldOptions = {}): Promise<CachedWorld> {
  const world = new CachedWorld({ strict: true, ...options });
  await world.clock.until(world.told("1"));
  await world.watch(8);
  await world.clock.until(world.told("2"));
  await world.watch(4);
  return world;
}

const statusOf = async (world: CachedWorld, key: string) =>
  (await world.clock.until(world.edge.ask(pathOf(key), CENTRES[0]))).status;

describe("what R2 has given up", () => {
  it.each(Object.keys(ACTS) as (keyof typeof ACTS)[])(
    "is shown for no more than 5 s, at whatever await of puts, reads, fills and purges comes: %s",
    async (kind) => {
      const calm = await story();
      const { awaits } = calm;
      expect([calm.violations, calm.edge.judge.counts.old > 0]).toEqual([[], true]);
      await calm.close();
      expect(awaits).toBeGreaterThan(100);
      for (let at = 1; at <= awaits; at += STEP) {
        const world = await story({ at, act: ACTS[kind] });
        await world.watch(AFTER_S);
        expect(world.violations.slice(0, 3), `${kind} at ${at}`).toEqual([]);
        expect(world.actedAt, `${kind} at ${at}`).not.toBeNull();
        world.edge.checkRest();
        expect(world.violations, `${kind} at ${at}, at rest`).toEqual([]);
        if (kind === "remove") expect(await statusOf(world, KEYS[0]!), `${kind} at ${at}`).toBe(410);
        await world.close();
      }
    },
    600_000,
  );
});
