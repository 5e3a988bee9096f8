import { int } from "@prewarm/durable-queue";
import { STORED } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import { addRecent, readRecent } from "../../src/console/tables/recent.ts";
import { tables } from "../../src/ledger/testing/tables.ts";
import { BULK } from "../../src/queue-settings.ts";

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
  expect(new Set(stored.map(({ group }) => group)).size).toBe(6_000);
  expect(stored).toHaveLength(6_000);
});

it("a new row of stored jobs deletes the oldest beyond 2,000", () => {
  const { sql } = tables();
  const full = JSON.stringify(["x".repeat(50_000)]);
  const k = "WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 2000)";
  sql.exec(`${k} INSERT INTO recent (n, at, body) SELECT n, n, iif(n = 2000, ?, '[]') FROM k`, full);
  const one = { id: 1, group: "a", part: "1-high.webp", gen: 1, created: 1, at: 2_001, bytes: 1, run: 0, attempts: 0 };
  addRecent(sql, [{ ...one, lane: BULK, granted: 1, took: 1, paid: 1 }]);
  expect(sql.exec("SELECT min(n) AS first, max(n) AS last FROM recent")).toEqual([{ first: 2, last: 2_001 }]);
});
