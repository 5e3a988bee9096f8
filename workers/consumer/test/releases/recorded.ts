import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { type Call, playSession } from "./session.ts";

type Sql = ReturnType<typeof nodeSql>;

export const RELEASES = join(import.meta.dirname, "../fixtures/releases");
/** The names of the recorded releases. None before the first tag. */
export const releases = existsSync(RELEASES) ? readdirSync(RELEASES) : [];

/** What a release leaves to later code. */
export interface Recorded {
  /** Every call of the ledger, as the release's callers made it and were answered. */
  calls: Call[];
  schema: { version: number; statements: string[] };
  /** The rows of its database, `{ table, row }` as JSON each. */
  rows: string[];
}

/** What today's code would leave. */
function record(): Recorded {
  const { sql, calls } = playSession();
  const version = Number(sql.exec("SELECT version FROM schema_version")[0]?.version);
  return { calls, schema: { version, statements: statementsOf(sql) }, rows: rowsOf(sql) };
}

function readRelease(release: string): Recorded {
  const read = (file: string) => readFileSync(join(RELEASES, release, file), "utf8");
  return {
    calls: JSON.parse(read("calls.json")),
    schema: JSON.parse(read("schema.json")),
    rows: read("rows.ndjson").trimEnd().split("\n"),
  };
}

type Named = readonly [name: string, recorded: Recorded];

/** What today's code (the first) and each release leave, by name. */
export function everyRecording(): [Named, ...Named[]] {
  return [["today", record()], ...releases.map((release): Named => [release, readRelease(release)])];
}

/** The database as the release left it. */
export function left({ schema, rows }: Recorded): Sql {
  const sql = nodeSql();
  for (const statement of schema.statements) sql.exec(statement);
  sql.exec("INSERT INTO schema_version (id, version) VALUES (1, ?)", schema.version);
  for (const line of rows) {
    const { table, row } = JSON.parse(line) as { table: string; row: Record<string, string | number | null> };
    const names = Object.keys(row);
    sql.exec(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => "?")})`, ...Object.values(row));
  }
  return sql;
}

/** The statements that make the tables and indexes of a database. */
export function statementsOf(sql: Sql): string[] {
  const query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name";
  return sql.exec(query).map((row) => String(row.sql));
}

export function tablesOf(sql: Sql): string[] {
  const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'schema_version' ORDER BY name";
  return sql.exec(query).map(({ name }) => String(name));
}

function rowsOf(sql: Sql): string[] {
  return tablesOf(sql).flatMap((table) =>
    sql.exec(`SELECT * FROM ${table}`).map((row) => JSON.stringify({ table, row })),
  );
}
