import { readRecent } from "@prewarm/durable-queue/schema/recent";
import { STORED } from "@prewarm/durable-queue/schema/row";
import { int } from "@prewarm/durable-queue/schema/sql";
import { expect, it } from "vitest";
import { tables } from "../../src/ledger/testing/tables.ts";

/** Ids as long as the sources allow, so that each stored job has its largest size. */
const keyOf = (n: number): string => `${`${n}-`.padEnd(500, "x")}/400-high.webp`;

it("the rows of stored jobs stay far below the 2 MB of a value, and no job is counted twice or lost", () => {
  const world = tables();
  for (let from = 0; from < 6_000; from += 100) {
    const keys = Array.from({ length: 100 }, (_, n) => keyOf(from + n));
    world.order(keys);
    world.hold("o", keys);
    world.store(keys);
  }
  const sizes = world.sql.exec("SELECT length(body) AS chars FROM recent").map(({ chars }) => int(chars));
  expect(Math.max(...sizes)).toBeLessThan(100_000);
  expect(world.read((tx) => tx.counts.find(({ state }) => state === STORED)?.n)).toBe(6_000);
  const stored = readRecent(world.sql, Number.MAX_SAFE_INTEGER, 1_000).flatMap((row) => row.stored);
  expect(new Set(stored.map(({ key }) => key)).size).toBe(6_000);
  expect(stored).toHaveLength(6_000);
});
