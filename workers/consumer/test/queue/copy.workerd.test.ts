import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { addToCopy, beginCopy, endCopy } from "@prewarm/durable-queue/schema/copy";
import { migrate, schemaVersion } from "@prewarm/durable-queue/schema/migrate";
import type { Sql, SqlRow } from "@prewarm/durable-queue/schema/sql";
import { expect, it } from "vitest";
import { PLATFORM } from "../../../../dev/limits/limits.ts";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";

/* The platform's own SQLite takes a copy of the version before: tables are dropped, made, filled and migrated in one transaction. */

/** The version that this test's code is ahead of the copy. vi.mock needs more of node:async_hooks than workerd has here. */
(LEDGER_TABLES as (readonly string[])[]).push(["ALTER TABLE jobs ADD COLUMN asked_by TEXT"]);

const ROWS = 4_000;
/**
 * The last call of an import has 3,000,000 rows to read and write (dev/limits). A copy of 250,000 rows gives 12 for each of its rows: these
 * for the copy, 2 for the counts that are made anew, 3 for a migration that changes every row, as that of the untouched rows of 0.1.0 does.
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

/** A row of the copy's version: 0 in every column that must have a value. */
function rowOf(sql: Sql, table: string, row: SqlRow): string {
  const columns = sql.exec('SELECT name, "notnull" AS must FROM pragma_table_info(?)', `import_${table}`);
  const zeros = Object.fromEntries(columns.map(({ name, must }) => [String(name), must === 1 ? 0 : null]));
  return JSON.stringify({ table, row: { ...zeros, ...row } });
}

function linesFor(sql: Sql): string[] {
  return [
    ...ids.map((id) => rowOf(sql, "jobs", { id, key: `i${id}/400-high.webp`, due: 1 })),
    rowOf(sql, "meta", META),
  ];
}

const ids = Array.from({ length: ROWS }, (_, n) => n + 1);
const META = { id: 1, ledger_id: "L", ceiling: 7, restored: 0 };

it("takes in a copy of the version before, within the CPU of one call", async () => {
  await runInDurableObject(env.LEDGER.get(env.LEDGER.idFromName("copy")), (_instance, { storage }) => {
    const sql = counting(storage);
    migrate(sql, "L", LEDGER_TABLES);
    for (const which of ["the first", "one in the place of as many rows"]) {
      sql.transaction(() => expect(beginCopy(sql, schemaVersion(sql) - 1, LEDGER_TABLES), which).toBe(true));
      const lines = linesFor(sql);
      for (let at = 0; at < lines.length; at += 1_000)
        sql.transaction(() => expect(addToCopy(sql, lines.slice(at, at + 1_000))).toBeNull());
      sql.rows = 0;
      sql.transaction(() => expect(endCopy(sql, { rows: lines.length, number: 9 }, LEDGER_TABLES)).toBe(true));
      expect(sql.rows / ROWS).toBeLessThan(PER_ROW_MAX);
    }
    expect(schemaVersion(sql)).toBe(LEDGER_TABLES.length);
    expect(sql.exec("SELECT count(*) AS n FROM jobs WHERE asked_by IS NULL AND due = 1")).toEqual([{ n: ROWS }]);
    expect(sql.exec("SELECT ceiling, restored FROM meta")).toEqual([{ ceiling: 9, restored: 9 }]);
    expect(sql.exec("SELECT name FROM sqlite_master WHERE name GLOB 'import_*'")).toEqual([]);
  });
  expect(250_000 * (PER_ROW_MAX + 2 + 3)).toBeLessThanOrEqual(PLATFORM.rows);
});

it.each([
  ["comes twice", "meta", META],
  ["lacks a value", "meta", { ...META, ledger_id: null }],
  ["has a column of the next version", "jobs", { id: 1, asked_by: null }],
])("refuses a row that %s", async (_, table, row) => {
  await runInDurableObject(env.LEDGER.get(env.LEDGER.idFromName("rows")), (_instance, { storage }) => {
    const sql = counting(storage);
    migrate(sql, "L", LEDGER_TABLES);
    sql.transaction(() => beginCopy(sql, schemaVersion(sql) - 1, LEDGER_TABLES));
    sql.transaction(() => expect(addToCopy(sql, [rowOf(sql, "meta", META)])).toBeNull());
    sql.transaction(() => expect(addToCopy(sql, [rowOf(sql, table, row)])).toBe(0));
  });
});
