import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { PLATFORM } from "../../../../../dev/limits/limits.ts";
import { addToCopy, beginCopy, endCopy } from "./copy.ts";
import { migrate, schemaVersion } from "./migrate.ts";
import { MIGRATIONS } from "./schema.ts";
import type { Sql, SqlRow } from "./sql.ts";

/* The platform's own SQLite takes a copy of the version before: tables are dropped, made, filled and migrated in one transaction. */

/** The version that this test's code is ahead of the copy. vi.mock needs more of node:async_hooks than workerd has here. */
(MIGRATIONS as (readonly string[])[]).push(["ALTER TABLE jobs ADD COLUMN asked_by TEXT"]);

const ROWS = 3_000;
/**
 * The last call of an import has 3,000,000 rows to read and write (dev/limits). A copy of 250,000 rows gives 12 for each of its rows: these
 * for the copy, 2 for the counts that are made anew, 3 for a migration that changes every row.
 */
const PER_ROW_MAX = 7;

/** Counts rows as dev/limits does. */
function counting(storage: DurableObjectStorage): Sql & { rows: number } {
  const counted = {
    rows: 0,
    ...{ rowsWritten: 0, bytes: 0 },
    exec(query: string, ...params: (string | number | null)[]) {
      const cursor = storage.sql.exec<SqlRow>(query, ...params);
      const rows = cursor.toArray();
      counted.rows += cursor.rowsRead + cursor.rowsWritten;
      return rows;
    },
    transaction: <T>(work: () => T) => storage.transactionSync(work),
  };
  return counted;
}

const zeros = "lane run joined state gen floor attempts unclear crashes dead_until created updated".split(" ");
const job = (id: number) => ({
  table: "jobs",
  row: {
    id,
    key: `i${id}/400-high.webp`,
    due: null,
    error: null,
    ...Object.fromEntries(zeros.map((name) => [name, 0])),
  },
});
const ids = Array.from({ length: ROWS }, (_, n) => n + 1);
const chunks = [0, 1, 2].map((n) => ({
  table: "fresh",
  row: { lane: 0, run: 0, n, ids: JSON.stringify(ids.slice(n * 1_000, (n + 1) * 1_000)) },
}));
const meta = { table: "meta", row: { id: 1, ledger_id: "L", ceiling: 7, restored: 0 } };
const lines = [...chunks, ...ids.map(job), meta].map((line) => JSON.stringify(line));

it("takes in a copy of the version before, within the CPU of one call", async () => {
  await runInDurableObject(env.LEDGER.get(env.LEDGER.idFromName("copy")), (_instance, { storage }) => {
    const sql = counting(storage);
    migrate(sql, "L");
    for (const which of ["the first", "one in the place of as many rows"]) {
      sql.transaction(() => expect(beginCopy(sql, schemaVersion(sql) - 1), which).toBe(true));
      for (let at = 0; at < lines.length; at += 1_000)
        sql.transaction(() => expect(addToCopy(sql, lines.slice(at, at + 1_000))).toBeNull());
      sql.rows = 0;
      sql.transaction(() => expect(endCopy(sql, { rows: lines.length, number: 9, now: 1 })).toBe(true));
      expect(sql.rows / ROWS).toBeLessThan(PER_ROW_MAX);
    }
    expect(schemaVersion(sql)).toBe(MIGRATIONS.length);
    expect(sql.exec("SELECT count(*) AS n FROM jobs WHERE asked_by IS NULL AND due IS NULL")).toEqual([{ n: ROWS }]);
    expect(sql.exec("SELECT ceiling, restored FROM meta")).toEqual([{ ceiling: 9, restored: 9 }]);
    expect(sql.exec("SELECT name FROM sqlite_master WHERE name GLOB 'import_*'")).toEqual([]);
  });
  expect(250_000 * (PER_ROW_MAX + 2 + 3)).toBeLessThanOrEqual(PLATFORM.rows);
});

it.each([
  ["comes twice", JSON.stringify(meta)],
  ["lacks a value", JSON.stringify({ table: "meta", row: { ...meta.row, ledger_id: null } })],
  ["has a column of the next version", JSON.stringify({ table: "jobs", row: { ...job(1).row, asked_by: null } })],
])("refuses a row that %s", async (_, line) => {
  await runInDurableObject(env.LEDGER.get(env.LEDGER.idFromName("rows")), (_instance, { storage }) => {
    const sql = counting(storage);
    migrate(sql, "L");
    sql.transaction(() => beginCopy(sql, schemaVersion(sql) - 1));
    sql.transaction(() => expect(addToCopy(sql, [JSON.stringify(meta)])).toBeNull());
    sql.transaction(() => expect(addToCopy(sql, [line])).toBe(0));
  });
});
