import { storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { CalmWorld } from "./calm-world.ts";

const WIDTHS = [400, 800];
const keysOf = (id: string) => WIDTHS.map((width) => `${id}/${width}-high.webp`);
const idsOf = (name: string, n: number) => Array.from({ length: n }, (_, at) => `${name}${at}`);
const wishOf = (ids: string[]) => Object.fromEntries(ids.map((id) => [id, keysOf(id)]));

/** The lines of a copy, as `prewarm ledger export` has them. */
async function copyOf(world: CalmWorld): Promise<string[]> {
  const lines: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const slice = await world.clock.until(world.ask((ledger) => ledger.exportSlice(cursor, "test")));
    lines.push(...(slice?.lines ?? []));
    cursor = slice?.next ?? null;
    if (cursor === null) return lines;
  }
}

async function imported(world: CalmWorld, lines: string[]): Promise<boolean> {
  const work = world.ask(async (ledger) => {
    await ledger.importBegin(1);
    await ledger.importRows(lines);
    return ledger.importEnd(lines.length, "test");
  });
  return (await world.clock.until(work)) ?? false;
}

async function rest(world: CalmWorld): Promise<void> {
  for (let turn = 0; turn < 600; turn += 1) {
    await world.clock.run(1_000);
    if (Number(world.sql.exec("SELECT count(*) AS n FROM jobs WHERE state < 2")[0]?.n) === 0) break;
  }
  await world.clock.run(60_000);
}

describe.each(["an import", "the platform"] as const)("a ledger put back to an earlier point by %s", (by) => {
  it("goes on: no number is given twice, nothing that is stored is paid again, and every object is its own", async () => {
    const world = new CalmWorld({ gate: { concurrency: 4, ratePerSecond: 2, burst: 2 } });
    await world.accept("bulk", wishOf(idsOf("early", 10)));
    await world.clock.run(5_000);
    // The earlier point: some is stored, some is at Ittybit, most waits.
    const copy = world.object.copy();
    const lines = await copyOf(world);
    await world.clock.run(3_000);
    await world.accept("upload", wishOf(idsOf("late", 3)));
    await rest(world);
    await world.clock.until(world.ask((ledger) => ledger.purgeImage("early3", null, "test")));
    await world.clock.run(5_000);
    const before = new Set(world.ittybit.jobs.map(({ id }) => id));
    const stored = new Set([...world.store.objects.keys()].filter((name) => name.startsWith("variants/")));
    expect(before.size).toBe(26);

    if (by === "an import") expect(await imported(world, lines)).toBe(true);
    else {
      world.object.putBack(copy);
      await world.clock.until(world.ask((ledger) => ledger.restored("test", {})));
    }
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
    const keys = ids.flatMap(keysOf).map((key) => `'${key}'`);
    return world.sql.exec(`SELECT gen FROM jobs WHERE key IN (${keys})`).map(({ gen }) => Number(gen));
  };
  // Two instances that stand on one copy, within the minute for which it has provided numbers.
  world.object.evict();
  const lost = await gensOf("second");
  world.object.putBack(copy);
  const after = await gensOf("third", "fourth");
  await world.clock.until(world.ask((ledger) => ledger.restored("test", {})));
  const later = await gensOf("fifth");
  const all = [...lost, ...after, ...later];
  expect(all).toHaveLength(8);
  expect(new Set(all).size).toBe(8);
});
