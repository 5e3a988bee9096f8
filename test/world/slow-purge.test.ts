import { storeKey } from "@prewarm/shared/variant-key";
import { expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";

const KEYS = ["picture/400-high.webp", "picture/800-high.webp"];
const MINUTE = 60_000;

it("a purge whose list is answered after its lock has ended deletes nothing that was stored since", async () => {
  let isSlow = false;
  let slowLists = 0;
  const store = (call: string) => {
    const backMs = isSlow && call === "list" ? 5 * MINUTE : 0;
    if (backMs > 0) slowLists += 1;
    return { ms: 1, backMs, lost: null };
  };
  const world = new CalmWorld({ weather: { store } });
  await world.accept("bulk", { picture: KEYS });
  await world.clock.run(MINUTE / 2);
  expect(world.stored).toBe(2);
  isSlow = true;
  await world.clock.until(world.ask((ledger) => ledger.purgeImage("picture", null, "test")));
  await world.clock.run(1_000);
  isSlow = false;
  expect([slowLists, world.stored]).toEqual([1, 2]);
  // The pass is made again.
  await world.clock.run(3 * MINUTE);
  expect(world.stored).toBe(0);
  await world.accept("upload", { picture: KEYS });
  await world.clock.run(MINUTE);
  expect(world.stored).toBe(2);
  // Now the first list is answered.
  await world.clock.run(2 * MINUTE);
  expect(KEYS.filter((key) => world.store.objects.has(storeKey(key)))).toEqual(KEYS);
  expect(world.violations).toEqual([]);
  await world.close();
});
