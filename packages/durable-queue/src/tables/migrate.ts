import type { Migrations } from "./schema.ts";
import { int, type Sql } from "./sql.ts";

/** Brings the database to the present version in one transaction. */
export function migrate(sql: Sql, newQueueId: string, migrations: Migrations): void {
  sql.transaction(() => {
    sql.exec(
      "CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
    );
    if (bringUp(sql, migrations))
      sql.exec("INSERT OR IGNORE INTO meta (id, queue_id, ceiling, restored) VALUES (1, ?, 0, 0)", newQueueId);
  });
}

/** The version of the database: the number of migrations that were run over it. */
function schemaVersion(sql: Sql): number {
  return int(sql.exec("SELECT version FROM schema_version")[0]?.version);
}

/** Runs the migrations that the database lacks, in the caller's transaction. False: it lacks none. */
function bringUp(sql: Sql, migrations: Migrations): boolean {
  const version = schemaVersion(sql);
  // After a rollback the tables are newer than the code. Their version stays: a lower one would make the next upgrade create them again.
  if (version >= migrations.length) return false;
  for (const statement of migrations.slice(version).flat()) sql.exec(statement);
  sql.exec("INSERT OR REPLACE INTO schema_version (id, version) VALUES (1, ?)", migrations.length);
  return true;
}
