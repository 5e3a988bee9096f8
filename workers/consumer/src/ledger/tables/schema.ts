import { OPERATOR_TABLES } from "./operator-tables.ts";
import { int, type Sql } from "./sql.ts";

/*
 * Tables of the Ledger (docs/storage-schema.md). Two rules shape them. Every index entry inserted is a row written and
 * billed, so `jobs` has one key index and two partial ones, each holding only rows that somebody will look for. And a
 * partial index serves only queries that repeat its WHERE word for word, so those conditions are constants, exported here.
 */

/** Waits to be granted: what dispatch reads, in turn by lane, run and due time. */
export const WAITING = "owner IS NULL AND state < 3 AND granted = 0";
/** Holds a slot: some handler was told `run` for this generation, and its job is not known to have ended. */
export const GRANTED = "granted > 0 AND state < 3";

const V1 = [
  `CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), ledger_id TEXT NOT NULL, seq INTEGER NOT NULL)`,
  `CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, lane INTEGER NOT NULL, state INTEGER NOT NULL, run INTEGER NOT NULL,
    joined INTEGER NOT NULL, gen INTEGER NOT NULL, floor INTEGER NOT NULL, granted INTEGER NOT NULL, granted_at INTEGER NOT NULL,
    upstream TEXT, upstream_at INTEGER NOT NULL, input TEXT, due INTEGER NOT NULL, hold INTEGER NOT NULL, sends INTEGER NOT NULL,
    owner TEXT, intent INTEGER NOT NULL, again INTEGER NOT NULL, attempts INTEGER NOT NULL, unclear INTEGER NOT NULL,
    crashes INTEGER NOT NULL, error TEXT, dead_until INTEGER NOT NULL, bytes INTEGER NOT NULL, etag TEXT,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, stored_at INTEGER NOT NULL)`,
  `CREATE INDEX jobs_waiting ON jobs (lane, run, due) WHERE ${WAITING}`,
  `CREATE INDEX jobs_granted ON jobs (granted_at) WHERE ${GRANTED}`,
  // The rows of a claim stand in its own row: an index on jobs.owner would cost a row per claim and job.
  `CREATE TABLE claims (owner TEXT PRIMARY KEY, until INTEGER NOT NULL, seqs TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE abandoned (gen INTEGER PRIMARY KEY, job TEXT, until INTEGER NOT NULL)`,
  `CREATE TABLE purges (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, done INTEGER NOT NULL, again_at INTEGER NOT NULL)`,
  `CREATE TABLE images (id TEXT PRIMARY KEY, ordering TEXT, source_etag TEXT, floor INTEGER NOT NULL, purging_until INTEGER NOT NULL,
    live_day INTEGER NOT NULL, live_rows INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE runs (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, label TEXT, lane INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    ended INTEGER NOT NULL, cancelled_at INTEGER NOT NULL, cancel_cursor INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    accepted INTEGER NOT NULL, duplicates INTEGER NOT NULL, existing INTEGER NOT NULL, states TEXT NOT NULL, ready TEXT NOT NULL,
    accepting INTEGER NOT NULL, open INTEGER NOT NULL)`,
  // Only second and later askers of one row; the first stands in jobs.run. Run 0 is somebody outside any run.
  `CREATE TABLE joins (seq INTEGER NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (seq, run)) WITHOUT ROWID`,
  `CREATE INDEX joins_run ON joins (run, seq)`,
  `CREATE TABLE attempts (seq INTEGER NOT NULL, n INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL, status INTEGER,
    kind TEXT, code TEXT NOT NULL, message TEXT NOT NULL, job TEXT, PRIMARY KEY (seq, n)) WITHOUT ROWID`,
  `CREATE TABLE counters (state INTEGER NOT NULL, lane INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (state, lane)) WITHOUT ROWID`,
  `CREATE TABLE hist (tier INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tier, at)) WITHOUT ROWID`,
  `CREATE TABLE docs (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE inbox (id TEXT PRIMARY KEY, hash TEXT NOT NULL, run TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE outbox (kind TEXT PRIMARY KEY, body TEXT NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE dead_messages (id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
    attempts INTEGER NOT NULL) WITHOUT ROWID`,
];

/** Each entry brings a database from the version before it to its own; none is ever changed once released. */
const MIGRATIONS: readonly (readonly string[])[] = [V1, OPERATOR_TABLES];

/**
 * Brings the database to the present version in one transaction. `seq` starts at the birth in µs, so that a ledger that was
 * lost and made anew stays above every generation the old one put on an object.
 */
export function migrate(sql: Sql, birth: { now: number; ledgerId: string }): void {
  sql.transaction(() => {
    sql.exec(
      "CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
    );
    const version = int(sql.exec("SELECT version FROM schema_version")[0]?.version);
    for (const statement of MIGRATIONS.slice(version).flat()) sql.exec(statement);
    // After a rollback the tables are newer than the code: written down as older they would be made a second time at the next upgrade.
    if (version >= MIGRATIONS.length) return;
    sql.exec("INSERT OR REPLACE INTO schema_version VALUES (1, ?)", MIGRATIONS.length);
    sql.exec("INSERT OR IGNORE INTO meta VALUES (1, ?, ?)", birth.ledgerId, birth.now * 1000);
  });
}
