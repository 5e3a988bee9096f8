import { expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";

const IMAGES = 600;
const SECOND = 1_000;
/** As a hook sends deletions. */
const AT_ONCE = 20;

const ids = Array.from({ length: IMAGES }, (_, n) => `user/pic-${n}.jpg`);
const sweep = {
  purge: (world: CalmWorld, id: string) => world.ask((ledger) => ledger.purgeImage(id, null, "test")),
  removal: (world: CalmWorld, id: string) => world.removeImage(id),
};

it.each(["purge", "removal"] as const)(
  "the first pass of each %s of 600 is made within a minute on an idle ledger",
  async (kind) => {
    const world = new CalmWorld({
      weather: {
        store: () => ({ ms: 60, backMs: 20, lost: null }),
        wire: () => ({ ms: 10, backMs: 10, lost: null }),
      },
    });
    for (const id of ids) await world.store.leave(`variants/${encodeURIComponent(id)}/400-high.webp`, "bytes");
    await world.clock.run(SECOND);
    const began = world.clock.now();
    for (let at = 0; at < IMAGES; at += AT_ONCE)
      await world.clock.until(Promise.all(ids.slice(at, at + AT_ONCE).map((id) => sweep[kind](world, id))));
    const answered = world.clock.now();
    expect(answered - began).toBeLessThan(10 * SECOND);
    await world.clock.run(60 * SECOND - (answered - began));
    expect(world.stored).toBe(0);
    expect(world.sql.exec("SELECT count(*) AS n FROM sweeps WHERE pass = 1")[0]?.n).toBe(0);
    // The second passes come in their time, and the last ones of removals when the caches' copies have ended.
    await world.clock.run((kind === "purge" ? 20 : 100) * 60 * SECOND);
    expect(world.sql.exec("SELECT count(*) AS n FROM sweeps")[0]?.n).toBe(0);
    expect(world.violations).toEqual([]);
    await world.close();
  },
  120_000,
);
