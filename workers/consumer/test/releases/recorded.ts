import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeSql } from "@prewarm/durable-queue/testing/node-sql";

export const RELEASES = join(import.meta.dirname, "../fixtures/releases");
export const releases = readdirSync(RELEASES);

export function read(release: string, file: string): string {
  return readFileSync(join(RELEASES, release, file), "utf8");
}

export function linesOf(release: string): string[] {
  return read(release, "rows.ndjson").trimEnd().split("\n");
}

export function schemaOf(release: string): { version: number; statements: string[] } {
  return JSON.parse(read(release, "schema.json"));
}

/** The database as the release left it. */
export function left(release: string): ReturnType<typeof nodeSql> {
  const sql = nodeSql();
  const { version, statements } = schemaOf(release);
  for (const statement of statements) sql.exec(statement);
  sql.exec("INSERT INTO schema_version (id, version) VALUES (1, ?)", version);
  for (const line of linesOf(release)) {
    const { table, row } = JSON.parse(line) as { table: string; row: Record<string, string | number | null> };
    const names = Object.keys(row);
    sql.exec(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => "?")})`, ...Object.values(row));
  }
  return sql;
}
