import { CANCELLED, isOpen } from "@prewarm/durable-queue";
import { storeKey } from "@prewarm/shared/variant-key";
import { expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";
import { jobsIn } from "./histories/ledger-look.ts";

/** Originals of this world are 1000 px wide: both show all of it. */
const MADE = "picture/1080-high.webp";
const COPIED = "picture/1440-high.webp";
const READ_MS = 300;
/** Longer than a purge takes. */
const PUT_MS = 5_000;

/** A world whose worker reads one variant to put a copy of it as another. */
async function whileRead(): Promise<CalmWorld> {
  let isSlow = false;
  const slow = (call: string) => (call === "put" ? PUT_MS : READ_MS);
  const store = (call: string) => ({ ms: isSlow ? slow(call) : 1, backMs: 0, lost: null });
  const world = new CalmWorld({ weather: { store } });
  await world.accept("bulk", { picture: [MADE] });
  await world.clock.run(20_000);
  expect([...world.store.objects.keys()]).toContain(storeKey(MADE));
  isSlow = true;
  await world.accept("bulk", { picture: [COPIED] });
  await world.clock.run(2 * READ_MS);
  return world;
}

async function cancelledWhileRead(): Promise<CalmWorld> {
  const world = await whileRead();
  await world.clock.until(world.ask((ledger) => ledger.cancelRun("bulk", "test")));
  return world;
}

const stateOf = ({ sql }: CalmWorld) => jobsIn(sql).find(({ key }) => key === COPIED)?.state;

it("stores nothing that is shown as cancelled: not a copy either, which needs no grant", async () => {
  const world = await cancelledWhileRead();
  await world.clock.run(20_000);
  const isStored = world.store.objects.has(storeKey(COPIED));
  expect({ isStored, isCancelled: stateOf(world) === CANCELLED }).toEqual({ isStored, isCancelled: !isStored });
  expect(world.ittybit.jobs).toHaveLength(1);
  expect(world.violations).toEqual([]);
});

it("cancels what a handler was merely looking at although the ledger was evicted meanwhile", async () => {
  const world = await cancelledWhileRead();
  expect(isOpen({ state: Number(stateOf(world)) })).toBe(true);
  world.object.evict();
  await world.clock.run(120_000);
  expect(isOpen({ state: Number(stateOf(world) ?? CANCELLED) })).toBe(false);
  expect(world.sql.exec("SELECT * FROM claims")).toEqual([]);
});

it("leaves no copy of an image that was purged meanwhile, though its handler had begun to put it", async () => {
  const world = await whileRead();
  // The read is over, and the put is on its way.
  await world.clock.run(READ_MS);
  await world.clock.until(world.ask((ledger) => ledger.purgeImage("picture", null, "test")));
  let landed = 0;
  for (let ms = 0; ms < 4 * PUT_MS; ms += 100) {
    await world.clock.run(100);
    if (world.store.objects.has(storeKey(COPIED))) landed += 1;
  }
  expect(landed).toBeGreaterThan(0);
  expect(world.store.objects.has(storeKey(COPIED))).toBe(false);
});
