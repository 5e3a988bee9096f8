import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { readMeta, writeCeiling, writeRestored } from "./meta.ts";
import { bringUp, schemaVersion } from "./migrate.ts";
import { Orders } from "./orders.ts";
import type { Migrations } from "./schema.ts";
import { int, type Sql, type SqlRow, type SqlValue, text } from "./sql.ts";

/*
 * A copy of the queue as lines of JSON, a row each. A copy that comes in stands in tables beside the real ones until it is whole. Those tables
 * have the shape of the version that wrote the copy. In one transaction the copy takes the queue's place and is migrated to the present
 * version: a copy that breaks off has changed nothing.
 */

/** Rows of one slice; fewer of tables whose rows are long. */
const SLICE_ROWS = 1_000;
const LONG_ROWS: Record<string, number> = { recent: 100, hist: 5, dead_messages: 200, rejections: 20, removals: 50 };
const STAGED = "import_";
/** One row about the copy that comes in: the version of its tables, and how many rows have come. */
const HEAD = `${STAGED}copy`;
/** A statement that changes which columns a table has; all others move rows or make indexes. */
const SHAPES = /^((?:CREATE|ALTER|DROP) TABLE) (\w+)/;

/** Where a slice begins: above this key of this table. */
type Place = [table: string, ...key: SqlValue[]];

/** The tables of the queue: neither the platform's, nor the schema's version, nor those of a copy. */
const IS_OURS = `name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*' AND name NOT GLOB '${STAGED}*' AND name <> 'schema_version'`;

/** In the order of a copy. A job that is touched meanwhile moves from `orders` to `jobs`, so `jobs` is read after `orders`. */
function tablesOf(sql: Sql): string[] {
  const query = `SELECT name FROM sqlite_master WHERE type = 'table' AND ${IS_OURS} ORDER BY iif(name = 'orders', 'j', name)`;
  return sql.exec(query).map(({ name }) => text(name));
}

/** The tables that hold the rows of a copy, by the names that they will have. */
function stagedOf(sql: Sql): string[] {
  const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ? AND name <> ? ORDER BY name";
  return sql.exec(query, `${STAGED}*`, HEAD).map(({ name }) => text(name).slice(STAGED.length));
}

/**
 * The statements that make the empty tables of a version: those of the database, which newer code may have made, or those of an earlier
 * version. Null: this code cannot bring the version up to date.
 */
function statementsOf(sql: Sql, version: number, migrations: Migrations): string[] | null {
  if (version === schemaVersion(sql)) {
    const query = `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND ${IS_OURS} ORDER BY type DESC, name`;
    return sql.exec(query).map((row) => text(row.sql));
  }
  return version >= 1 && version <= migrations.length ? migrations.slice(0, version).flat() : null;
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

/** Empty tables for a copy of this version; an earlier copy that has not ended is dropped. False: this code does not know the version. */
export function beginCopy(sql: Sql, version: number, migrations: Migrations): boolean {
  const statements = statementsOf(sql, version, migrations);
  if (statements === null) return false;
  dropCopy(sql);
  sql.exec(`CREATE TABLE ${HEAD} (version INTEGER NOT NULL, rows INTEGER NOT NULL)`);
  sql.exec(`INSERT INTO ${HEAD} (version, rows) VALUES (?, 0)`, version);
  for (const statement of statements) if (SHAPES.test(statement)) sql.exec(statement.replace(SHAPES, `$1 ${STAGED}$2`));
  return true;
}

function dropCopy(sql: Sql): void {
  for (const table of stagedOf(sql)) sql.exec(`DROP TABLE ${STAGED}${table}`);
  sql.exec(`DROP TABLE IF EXISTS ${HEAD}`);
}

/** Takes rows in; answers which line is no row of the copy, from 0, or null. */
export function addToCopy(sql: Sql, lines: readonly string[]): number | null {
  const known = new Map(
    stagedOf(sql).map((table) => [table, new Set(columnsOf(sql, STAGED + table).map(({ name }) => name))]),
  );
  for (const [at, line] of lines.entries()) {
    const one = parseLine(line);
    const columns = one === null ? undefined : known.get(one.table);
    const names = Object.keys(one?.row ?? {});
    if (one === null || columns === undefined || names.length !== columns.size) return at;
    if (!names.every((name) => columns.has(name)) || !isTaken(sql, one, names)) return at;
  }
  if (lines.length > 0) sql.exec(`UPDATE ${HEAD} SET rows = rows + ?`, lines.length);
  return null;
}

/** False: the table has the row already, or lacks a value that it must have. */
function isTaken(sql: Sql, { table, row }: { table: string; row: SqlRow }, names: readonly string[]): boolean {
  try {
    const places = names.map(() => "?").join();
    const values = names.map((name) => row[name] ?? null);
    sql.exec(`INSERT INTO ${STAGED}${table} (${names.join()}) VALUES (${places})`, ...values);
    return true;
  } catch (error) {
    if (/constraint failed|datatype mismatch/.test(String(error))) return false;
    throw error;
  }
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
 * The copy takes the queue's place, if it has so many rows, and is migrated to the present version. `number` is above all that the present
 * queue and the copy can have given: whatever happens next, none is given again, and what the copy says to wait gets a new one.
 */
export function endCopy(sql: Sql, { rows, number }: { rows: number; number: number }, migrations: Migrations): boolean {
  const version = versionOfCopy(sql, rows);
  const statements = version === null ? null : statementsOf(sql, version, migrations);
  if (version === null || statements === null) return false;
  const ceilings = `SELECT max(ceiling) AS n FROM (SELECT ceiling FROM meta UNION ALL SELECT ceiling FROM ${STAGED}meta)`;
  const ceiling = Math.max(int(sql.exec(ceilings)[0]?.n), number);
  for (const table of tablesOf(sql)) sql.exec(`DROP TABLE ${table}`);
  for (const statement of statements) sql.exec(statement);
  for (const table of stagedOf(sql)) {
    const columns = columnsOf(sql, table).map(({ name }) => name);
    sql.exec(`DELETE FROM ${table}`);
    sql.exec(`INSERT INTO ${table} (${columns.join()}) SELECT ${columns.join()} FROM ${STAGED}${table}`);
  }
  dropCopy(sql);
  sql.exec("UPDATE schema_version SET version = ?", version);
  bringUp(sql, migrations);
  writeCeiling(sql, ceiling);
  writeRestored(sql, ceiling);
  dropTouched(sql);
  return true;
}

/** A job that was touched while the copy was made may stand in it twice. Its row is newer than its order. */
function dropTouched(sql: Sql): void {
  const orders = new Orders(sql, readMeta(sql).ledgerId);
  for (const order of orders.withRows(sql)) {
    const jobs = orders.jobsOf(order);
    const ids = JSON.stringify(jobs.map(({ row }) => row.id));
    const found = sql.exec("SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))", ids);
    const touched = new Set(found.map(({ id }) => int(id)));
    orders.take(
      sql,
      jobs.flatMap(({ row, index }) => (touched.has(row.id) ? [{ order, index }] : [])),
    );
  }
}

/** The version of the copy that has come in; null: there is none, or it has other rows than its end says. */
function versionOfCopy(sql: Sql, rows: number): number | null {
  const isBegun = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", HEAD).length === 1;
  const head = isBegun ? sql.exec(`SELECT version, rows FROM ${HEAD}`)[0] : undefined;
  if (head === undefined || int(head.rows) !== rows) return null;
  return sql.exec(`SELECT 1 FROM ${STAGED}meta`).length === 1 ? int(head.version) : null;
}
