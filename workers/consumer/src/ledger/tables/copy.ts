import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { writeCeiling, writeRestored } from "./meta.ts";
import { FIRST_ENDED } from "./row.ts";
import { int, type Sql, type SqlRow, type SqlValue, text } from "./sql.ts";

/*
 * A copy of the ledger as lines of JSON, a row each. What comes in stands in tables beside the real ones until it is whole, and takes their
 * place in one transaction: a copy that breaks off has changed nothing.
 */

/** Rows of one slice; fewer of tables whose rows are long. */
const SLICE_ROWS = 1_000;
const LONG_ROWS: Record<string, number> = { recent: 100, hist: 5, hands: 50, dead_messages: 200 };
const STAGED = "import_";

/** Where a slice begins: above this key of this table. */
type Place = [table: string, ...key: SqlValue[]];

/** Everything but the schema's own version. */
function tablesOf(sql: Sql): string[] {
  const query =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*' ORDER BY name";
  const names = sql.exec(query).map(({ name }) => text(name));
  return names.filter((name) => name !== "schema_version" && !name.startsWith(STAGED));
}

function columnsOf(sql: Sql, table: string): { name: string; isKey: boolean }[] {
  return sql
    .exec("SELECT name, pk FROM pragma_table_info(?) ORDER BY pk, cid", table)
    .map(({ name, pk }) => ({ name: text(name), isKey: int(pk) > 0 }));
}

/** The next rows, a line each, and where to go on; null: that was all. */
export function readCopy(sql: Sql, cursor: string | null): { lines: string[]; next: string | null } {
  const tables = tablesOf(sql);
  const [table = "", ...above] = cursor === null ? [tables[0] ?? ""] : (JSON.parse(cursor) as Place);
  const keys = columnsOf(sql, table).flatMap(({ name, isKey }) => (isKey ? [name] : []));
  if (keys.length === 0) throw new Error(`there is no table ${table}`);
  const limit = LONG_ROWS[table] ?? SLICE_ROWS;
  const where = above.length === 0 ? "" : `WHERE (${keys.join()}) > (${keys.map(() => "?").join()})`;
  const rows = sql.exec(`SELECT * FROM ${table} ${where} ORDER BY ${keys.join()} LIMIT ${limit}`, ...above);
  const last = rows.at(-1);
  const next: Place | null =
    rows.length === limit && last !== undefined
      ? [table, ...keys.map((key) => last[key] ?? null)]
      : nextTable(tables, table);
  return { lines: rows.map((row) => JSON.stringify({ table, row })), next: next && JSON.stringify(next) };
}

function nextTable(tables: readonly string[], table: string): Place | null {
  const next = tables[tables.indexOf(table) + 1];
  return next === undefined ? null : [next];
}

/** Empty tables for a copy that is to come, whatever became of an earlier one. */
export function beginCopy(sql: Sql): void {
  for (const table of tablesOf(sql)) {
    sql.exec(`DROP TABLE IF EXISTS ${STAGED}${table}`);
    sql.exec(`CREATE TABLE ${STAGED}${table} AS SELECT * FROM ${table} WHERE 0`);
  }
}

/** Takes rows in; answers which line is none, from 0, or null. */
export function addToCopy(sql: Sql, lines: readonly string[]): number | null {
  const known = new Map(tablesOf(sql).map((table) => [table, new Set(columnsOf(sql, table).map(({ name }) => name))]));
  for (const [at, line] of lines.entries()) {
    const one = parseLine(line);
    const columns = one === null ? undefined : known.get(one.table);
    const names = Object.keys(one?.row ?? {});
    if (one === null || columns === undefined || names.length !== columns.size) return at;
    if (!names.every((name) => columns.has(name))) return at;
    const places = names.map(() => "?").join();
    sql.exec(
      `INSERT INTO ${STAGED}${one.table} (${names.join()}) VALUES (${places})`,
      ...names.map((name) => one.row[name] ?? null),
    );
  }
  return null;
}

function parseLine(line: string): { table: string; row: SqlRow } | null {
  try {
    const { table, row } = parseForeignJson(line) as { table?: unknown; row?: unknown };
    if (typeof table !== "string" || typeof row !== "object" || row === null) return null;
    const isValue = (value: unknown) => value === null || typeof value === "string" || typeof value === "number";
    return Object.values(row).every(isValue) ? { table, row: row as SqlRow } : null;
  } catch {
    return null;
  }
}

/**
 * The copy takes the ledger's place, if it has so many rows. `number` is above all that the present ledger and the copy can have given:
 * whatever happens next, none is given again, and what the copy says to wait gets a new one.
 */
export function endCopy(sql: Sql, { rows, number, now }: { rows: number; number: number; now: number }): boolean {
  const tables = tablesOf(sql);
  const staged = sql
    .exec("SELECT name FROM sqlite_master WHERE name GLOB ?", `${STAGED}*`)
    .map(({ name }) => text(name));
  if (staged.length !== tables.length || staged.length === 0) return false;
  const counted = staged.map((name) => int(sql.exec(`SELECT count(*) AS n FROM ${name}`)[0]?.n));
  const has = counted.reduce((sum, n) => sum + n, 0);
  if (has !== rows || int(sql.exec(`SELECT count(*) AS n FROM ${STAGED}meta`)[0]?.n) !== 1) return false;
  const ceiling = int(
    sql.exec(`SELECT max(ceiling) AS n FROM (SELECT ceiling FROM meta UNION ALL SELECT ceiling FROM ${STAGED}meta)`)[0]
      ?.n,
  );
  for (const table of tables) {
    const columns = columnsOf(sql, table).map(({ name }) => name);
    sql.exec(`DELETE FROM ${table}`);
    sql.exec(`INSERT INTO ${table} (${columns.join()}) SELECT ${columns.join()} FROM ${STAGED}${table}`);
    sql.exec(`DROP TABLE ${STAGED}${table}`);
  }
  writeCeiling(sql, Math.max(ceiling, number));
  writeRestored(sql, Math.max(ceiling, number));
  // A row that was accepted while the copy was made may stand in it without its chunk.
  sql.exec(
    "UPDATE jobs SET due = ? WHERE state < ? AND due IS NULL AND id NOT IN (SELECT value FROM fresh, json_each(fresh.ids))",
    now,
    FIRST_ENDED,
  );
  return true;
}
