import { FIRST_ENDED, URGENT } from "./row.ts";
import { int, type Sql } from "./sql.ts";

/*
 * Tables of the queue (docs/internals/storage-schema.md, which a test compares with these). The platform bills every index entry that is
 * inserted as a row written, so the indexes of `jobs` are partial, and rows of one group are a range of the primary key.
 * SQLite uses a partial index only for queries that repeat its condition word for word, so the conditions are constants,
 * exported here.
 */

/** The job is open. */
export const HAS_DUE = "due IS NOT NULL";
/** The job is open, and of a lane in which runs take turns. */
export const TAKES_TURNS = `${HAS_DUE} AND lane > ${URGENT}`;
/** An operator lets the run go before the other runs of its lane. */
export const IS_FIRST = "first > 0";
/** The row ended without bytes. */
export const ENDED = `state >= ${FIRST_ENDED}`;
/** The rows of a cancelled run are being cancelled. */
export const CANCELS = "cancel_cursor > 0";

const V1 = [
  `CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), queue_id TEXT NOT NULL, ceiling INTEGER NOT NULL, restored INTEGER NOT NULL)`,
  `CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, grp TEXT NOT NULL, part TEXT NOT NULL, lane INTEGER NOT NULL, run INTEGER NOT NULL, joined INTEGER NOT NULL,
    state INTEGER NOT NULL, gen INTEGER NOT NULL, floor INTEGER NOT NULL, due INTEGER, attempts INTEGER NOT NULL, unclear INTEGER NOT NULL, crashes INTEGER NOT NULL,
    error TEXT, dead_until INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, payload TEXT)`,
  // `gen` grows with arrival, so it orders the jobs of one call.
  `CREATE INDEX jobs_due ON jobs (lane, due, gen) WHERE ${HAS_DUE}`,
  `CREATE INDEX jobs_ended ON jobs (state, id) WHERE ${ENDED}`,
  `CREATE INDEX jobs_run ON jobs (lane, run, due, gen) WHERE ${TAKES_TURNS}`,
  // A row for each generation that is being made. `owner` null or without a row: orphaned. `due`: when an orphaned claim may be
  // handed out. `until`: when an abandoned one is over.
  `CREATE TABLE claims (
    gen INTEGER PRIMARY KEY, job INTEGER NOT NULL, state TEXT NOT NULL, owner TEXT, lane INTEGER NOT NULL, paid_by INTEGER NOT NULL,
    first INTEGER NOT NULL, admitted_at INTEGER NOT NULL, external_id TEXT, due INTEGER NOT NULL, until INTEGER NOT NULL,
    unfetched_since INTEGER)`,
  // A row for each handler that makes any.
  `CREATE TABLE owners (name TEXT PRIMARY KEY, lease_until INTEGER NOT NULL, role TEXT NOT NULL) WITHOUT ROWID`,
  // `first`: since when the run goes before the other runs of its lane, Unix ms. 0: it does not.
  `CREATE TABLE runs (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, label TEXT, lane INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    ended INTEGER NOT NULL, cancelled_at INTEGER NOT NULL, cancel_cursor INTEGER NOT NULL, accepted INTEGER NOT NULL, duplicates INTEGER NOT NULL,
    existing INTEGER NOT NULL, states TEXT NOT NULL, own TEXT, accepting INTEGER NOT NULL, open INTEGER NOT NULL,
    rejected INTEGER NOT NULL DEFAULT 0, who TEXT, first INTEGER NOT NULL DEFAULT 0)`,
  // Each call asks which runs are to be cancelled and which go first: few of all runs.
  `CREATE INDEX runs_cancelling ON runs (cancelled_at) WHERE ${CANCELS}`,
  `CREATE INDEX runs_first ON runs (first) WHERE ${IS_FIRST}`,
  // Second and later subscribers of one row; the first stands in jobs.run. Run 0: a subscriber outside any run.
  `CREATE TABLE joins (id INTEGER NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (id, run)) WITHOUT ROWID`,
  `CREATE INDEX joins_run ON joins (run)`,
  `CREATE TABLE attempts (id INTEGER NOT NULL, n INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL, status INTEGER,
    kind TEXT, code TEXT NOT NULL, message TEXT NOT NULL, job TEXT, PRIMARY KEY (id, n)) WITHOUT ROWID`,
  `CREATE TABLE docs (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE inbox (id TEXT PRIMARY KEY, hash TEXT NOT NULL, run TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE outbox (kind TEXT PRIMARY KEY, body TEXT NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL) WITHOUT ROWID`,
];

/** Each entry brings a database from the version before it to its own. Once released, an entry is never changed. */
export type Migrations = readonly (readonly string[])[];

export const MIGRATIONS: Migrations = [V1];

/** The migrations of the queue with those of further tables of its user, version by version. */
export function withOwn(own: Migrations): Migrations {
  const versions = Math.max(MIGRATIONS.length, own.length);
  return Array.from({ length: versions }, (_, n) => [...(MIGRATIONS[n] ?? []), ...(own[n] ?? [])]);
}

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
