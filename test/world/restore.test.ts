import { storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import type { BeforeRestore } from "../../workers/consumer/src/images/calls.ts";
import { beforeImagesRestore } from "../../workers/consumer/src/images/restored-images.ts";
import { BORN_AT, type CalmOptions, CalmWorld } from "./calm-world.ts";
import { createChance } from "./chance.ts";
import { CANCELLING, jobsIn } from "./histories/ledger-look.ts";
import type { Copy } from "./virtual-object.ts";
import { noFaults, scripted } from "./weather.ts";

const WIDTHS = [400, 800];
const keysOf = (id: string) => WIDTHS.map((width) => `${id}/${width}-high.webp`);
const idsOf = (name: string, n: number) => Array.from({ length: n }, (_, at) => `${name}${at}`);
const wishOf = (ids: string[]) => Object.fromEntries(ids.map((id) => [id, keysOf(id)]));

async function rest(world: CalmWorld): Promise<void> {
  for (let turn = 0; turn < 600; turn += 1) {
    await world.clock.run(1_000);
    if (jobsIn(world.sql).every(({ state }) => state > CANCELLING)) break;
  }
  await world.clock.run(60_000);
}

describe("a ledger put back to an earlier point", () => {
  it("goes on: no number is given twice, nothing that is stored is paid again, and every object is its own", async () => {
    const world = new CalmWorld({ gate: { concurrency: 4, ratePerSecond: 2, burst: 2 } });
    await world.accept("bulk", wishOf(idsOf("early", 10)));
    await world.clock.run(5_000);
    // The earlier point: some is stored, some is at Ittybit, most waits.
    const copy = world.object.copy();
    await world.clock.run(3_000);
    await world.accept("upload", wishOf(idsOf("late", 3)));
    await rest(world);
    await world.clock.until(world.ask((ledger) => ledger.purgeImage("early3", null, "test")));
    await world.clock.run(5_000);
    const before = new Set(world.ittybit.jobs.map(({ id }) => id));
    const stored = new Set([...world.store.objects.keys()].filter((name) => name.startsWith("variants/")));
    expect(before.size).toBe(26);

    await putBack(world, copy);
    await world.accept("bulk", wishOf(idsOf("after", 5)));
    await rest(world);

    expect(world.violations).toEqual([]);
    const gens = world.ittybit.jobs.map(({ order }) => order.metadata.gen);
    expect(new Set(gens).size).toBe(gens.length);
    // Of what was stored nothing is made again: only what is new, and what a forgotten purge had taken.
    const made = world.ittybit.jobs.filter(({ id }) => !before.has(id)).map(({ order }) => order.metadata.key ?? "");
    expect(made.filter((key) => stored.has(storeKey(key)))).toEqual([]);
    expect(new Set(made).size).toBe(made.length);
    for (const id of idsOf("after", 5)) for (const key of keysOf(id)) expect(made).toContain(key);
    // Every object is of a job that was made for it.
    const byGen = new Map(world.ittybit.jobs.map(({ order }) => [order.metadata.gen, order.metadata.key]));
    for (const [name, { customMetadata }] of world.store.objects)
      if (name.startsWith("variants/")) expect(storeKey(byGen.get(customMetadata.gen) ?? "")).toBe(name);
    expect([...stored].every((name) => world.store.objects.has(name))).toBe(true);
  });
});

it("a ledger put back gives no number twice, not even to who calls before the operator says so", async () => {
  const world = new CalmWorld({ gate: { concurrency: 1, ratePerSecond: 1, burst: 1 } });
  await world.accept("bulk", wishOf(["first"]));
  const copy = world.object.copy();
  const gensOf = async (...ids: string[]): Promise<number[]> => {
    await world.accept("bulk", wishOf(ids));
    const keys = new Set(ids.flatMap(keysOf));
    return jobsIn(world.sql).flatMap(({ key, gen }) => (keys.has(key) ? [gen] : []));
  };
  // Two instances that stand on one copy, within the minute for which it has provided numbers.
  world.object.evict();
  const lost = await gensOf("second");
  world.object.putBack(copy);
  const after = await gensOf("third", "fourth");
  await world.clock.until(world.ask((ledger) => ledger.restored("test", {}, null)));
  const later = await gensOf("fifth");
  const all = [...lost, ...after, ...later];
  expect(all).toHaveLength(8);
  expect(new Set(all).size).toBe(8);
});

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** How long a ledger that was put back hands nothing out. */
const HOLD_MS = 2 * MINUTE;

/** A world whose weather a test orders. Origins tell an etag unless the test says otherwise. */
function scriptedWorld(options: CalmOptions = {}) {
  const faults = noFaults();
  const weather = { ...scripted(() => faults, createChance(1)), message: () => [50] };
  const gate = { concurrency: 4, ratePerSecond: 4, burst: 4, ...options.gate };
  return { faults, world: new CalmWorld({ etag: (id) => `"${id}"`, ...options, gate, weather }) };
}

/** `before`: what the API read of the ledger before the platform put it back; null: other means did. */
async function putBack(world: CalmWorld, copy: Copy, before: BeforeRestore | null = null): Promise<void> {
  world.object.putBack(copy);
  await world.clock.until(world.ask((ledger) => ledger.restored("test", {}, before)));
}

async function forced(world: CalmWorld, id: string): Promise<void> {
  const chunk = {
    run: { run: "again", label: null, lane: "bulk" as const },
    delivery: { id: "forced", chunk: 0, hash: "h" },
    images: [{ id, keys: keysOf(id), order: null, sourceEtag: null }],
  };
  await world.clock.until(world.ask((ledger) => ledger.acceptChunk({ ...chunk, force: true, backlogMax: 1_000 })));
}

describe("a purge that was under way when the ledger was put back", () => {
  it.each(["from before it", "from while it held the lock"] as const)(
    "to a copy %s: its late delete takes nothing that is made afterwards",
    async (when) => {
      const { faults, world } = scriptedWorld();
      await world.accept("bulk", wishOf(["p"]));
      await world.clock.run(30 * SECOND);
      const before = world.object.copy();
      faults.lateDeletes.push(MINUTE);
      void world.ask((ledger) => ledger.purgeImage("p", null, "test"));
      await world.clock.run(2 * SECOND);
      await putBack(world, when === "from before it" ? before : world.object.copy());
      // It is ordered anew at once.
      await forced(world, "p");
      await world.clock.run(HOLD_MS + MINUTE);
      await rest(world);
      expect(world.stored).toBe(2);
      await world.clock.run(20 * MINUTE);
      expect([world.stored, world.sql.exec("SELECT * FROM sweeps")]).toEqual([2, []]);
    },
  );
});

it("a purge that a restore interrupts goes on: what it had not reached is deleted, and its rows are not made", async () => {
  const { faults, world } = scriptedWorld();
  await world.accept("bulk", wishOf(["p", "q"]));
  const copy = world.object.copy();
  await world.clock.run(30 * SECOND);
  // R2 gives it no list.
  faults.store = 4;
  void world.ask((ledger) => ledger.purgeImage("p", null, "test"));
  await world.clock.run(2 * SECOND);
  expect(world.stored).toBe(4);
  const before = world.object.look(({ transactions }) => transactions.read(beforeImagesRestore));
  await putBack(world, copy, before);
  faults.store = 0;
  await rest(world);
  expect([...world.store.objects.keys()].filter((name) => name.startsWith("variants/"))).toEqual(
    keysOf("q").map(storeKey),
  );
});

/** A drain of 120 variants in the middle: some are stored, some are at Ittybit, some are done there and not fetched yet. */
async function midDrain(options: CalmOptions = {}) {
  const { faults, world } = scriptedWorld({ gate: { concurrency: 40, ratePerSecond: 20, burst: 20 }, ...options });
  world.ittybit.plan = () => ({ ms: 2 * SECOND });
  const ids = idsOf("p", 60);
  await world.accept("bulk", wishOf(ids));
  await world.clock.run(2.5 * SECOND);
  const copy = world.object.copy();
  await world.clock.run(2 * SECOND);
  return { faults, world, copy, keys: ids.flatMap(keysOf) };
}

/** Jobs that were made for a variant that had one already. */
function paidAgain(world: CalmWorld): number {
  return world.ittybit.jobs.length - new Set(world.ittybit.jobs.map(({ order }) => order.metadata.key)).size;
}

describe("a drain of 120 variants in the middle of which the ledger is put back", () => {
  it.each(["go on", "die with it"] as const)(
    "pays for at most two of them again, whether its handlers %s",
    async (how) => {
      const { world, copy, keys } = await midDrain();
      const before = world.ittybit.jobs.length;
      expect(before).toBeGreaterThan(world.stored + 20);
      await putBack(world, copy);
      if (how === "die with it") await world.restart();
      await rest(world);
      expect(world.violations).toEqual([]);
      expect(keys.filter((key) => !world.store.objects.has(storeKey(key)))).toEqual([]);
      expect(paidAgain(world)).toBeLessThanOrEqual(2);
    },
  );
});

describe("a job from before a restore", () => {
  it("whose POST was on its way at the restore is not paid for twice either", async () => {
    let onWayMs = 0;
    const { world, copy } = await midDrain({
      client: (ittybit, clock) => ({
        ...ittybit,
        submit: async (order) => {
          await clock.sleep(onWayMs);
          return ittybit.submit(order);
        },
      }),
    });
    onWayMs = 10 * SECOND;
    const before = world.ittybit.jobs.length;
    await world.clock.run(SECOND);
    onWayMs = 0;
    await putBack(world, copy);
    await world.clock.run(MINUTE / 2);
    expect(world.ittybit.jobs.length - before).toBeGreaterThan(5);
    await rest(world);
    expect(paidAgain(world)).toBeLessThanOrEqual(2);
  });

  it("of an original that was replaced meanwhile is not stored: the variant is made of the newer one", async () => {
    let version = 1;
    const { world, copy, keys } = await midDrain({ etag: (id) => `"${id}-${version}"` });
    version = 2;
    await putBack(world, copy);
    await rest(world);
    const stored = keys.map((key) => world.store.objects.get(storeKey(key))?.customMetadata);
    expect(stored.every((metadata) => metadata !== undefined)).toBe(true);
    // What stood in R2 when the ledger was put back is not looked at again: the new original is to be told again.
    const late = stored.filter((metadata) => Number(metadata?.["created-at"]) > BORN_AT + MINUTE);
    expect(late.length).toBeGreaterThan(20);
    expect(late.every((metadata) => metadata?.["source-etag"]?.endsWith('-2"'))).toBe(true);
  });

  it("is made again where its origin tells no etag: nobody can tell that the original is the same", async () => {
    const { world, copy, keys } = await midDrain({ etag: () => null });
    await putBack(world, copy);
    await rest(world);
    expect(keys.every((key) => world.store.objects.has(storeKey(key)))).toBe(true);
    expect(paidAgain(world)).toBeGreaterThan(20);
  });
});
