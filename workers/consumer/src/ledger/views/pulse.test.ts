import { describe, expect, it } from "vitest";
import { tables } from "../testing/tables.ts";
import { pulse } from "./pulse.ts";

const keys = (name: string, n: number) => Array.from({ length: n }, (_, at) => `${name}-${at}/400-high.webp`);

/** Seconds in which something was stored or nothing is known, by how many seconds ago. */
function seen(world: ReturnType<typeof tables>, lane: "live" | "upload" | "bulk") {
  const seconds = world.read(pulse).lanes[lane];
  expect(seconds).toHaveLength(300);
  return Object.fromEntries(
    seconds.flatMap((n, second) => (n === 0 ? [] : [[299 - second, n]])).reverse() as [number, number | null][],
  );
}

describe("the pulse", () => {
  it("counts what was stored in each second by lane, for five minutes", () => {
    const world = tables();
    world.order(keys("b", 9));
    world.order(keys("l", 3), { lane: "live" });
    world.hold("w", keys("b", 9));
    world.store(keys("b", 9).slice(0, 2));
    world.clock.ms += 1_500;
    world.store(keys("l", 1));
    world.store(keys("b", 9).slice(2, 3));
    expect([seen(world, "bulk"), seen(world, "live"), seen(world, "upload")]).toEqual([{ 1: 2, 0: 1 }, { 0: 1 }, {}]);
    world.clock.ms += 298_000;
    expect(seen(world, "bulk")).toEqual({ 299: 2, 298: 1 });
    world.clock.ms += 1_000;
    expect(seen(world, "bulk")).toEqual({ 299: 1 });
  });

  it("reads twenty thousand jobs at most, and says of which seconds it does not know", () => {
    const world = tables();
    const many = keys("m", 26_000);
    world.order(many);
    for (let at = 0; at < many.length; at += 1_000) {
      world.store(many.slice(at, at + 1_000));
      world.clock.ms += 1_000;
    }
    const { bulk } = world.read(pulse).lanes;
    const known = bulk.filter((n) => n !== null);
    expect(known.length).toBeGreaterThanOrEqual(19);
    expect(known.length).toBeLessThanOrEqual(21);
    expect(known.slice(0, -1)).toEqual(known.slice(1).map(() => 1_000));
    expect(bulk.indexOf(1_000)).toBe(bulk.lastIndexOf(null) + 1);
  });
});
