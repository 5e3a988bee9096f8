import { DEAD, NOT_GRANTED, REFUSED, RETRYING, STORED } from "./row.ts";
import { int, type Sql } from "./sql.ts";

/*
 * Tables of the Ledger (docs/storage-schema.md, which a test compares with these). Two rules shape them. The platform bills
 * every index entry that is inserted as a row written, so each index of `jobs` but the key's is partial and holds only rows
 * that somebody looks for. SQLite uses a partial index only for queries that repeat its condition word for word, so the
 * conditions are constants, exported here.
 */

/** The row waits to be granted: dispatch reads these by lane, run and due time. */
export const WAITING = `owner IS NULL AND state < ${STORED} AND granted = ${NOT_GRANTED}`;
/** The row holds a slot: a handler was told `run` for this generation, and nobody has seen its job end. */
export const GRANTED = `granted > ${NOT_GRANTED} AND state < ${STORED}`;
/** The row ended without bytes: a dead letter, or an original that is missing or of no use. */
export const DEAD_ROWS = `state IN (${DEAD}, ${REFUSED})`;
/** The row waits after a failed attempt. */
export const RETRYING_ROWS = `state = ${RETRYING}`;

const V1 = [
  `CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), ledger_id TEXT NOT NULL, seq INTEGER NOT NULL)`,
  `CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, lane INTEGER NOT NULL, state INTEGER NOT NULL, run INTEGER NOT NULL,
    joined INTEGER NOT NULL, gen INTEGER NOT NULL, floor INTEGER NOT NULL, granted INTEGER NOT NULL, granted_at INTEGER NOT NULL,
    ittybit_job TEXT, submitted_at INTEGER NOT NULL, input TEXT, due INTEGER NOT NULL, hold INTEGER NOT NULL, sends INTEGER NOT NULL,
    owner TEXT, intent INTEGER NOT NULL, again INTEGER NOT NULL, attempts INTEGER NOT NULL, unclear INTEGER NOT NULL,
    crashes INTEGER NOT NULL, error TEXT, dead_until INTEGER NOT NULL, bytes INTEGER NOT NULL, etag TEXT,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, stored_at INTEGER NOT NULL)`,
  `CREATE INDEX jobs_waiting ON jobs (lane, run, due) WHERE ${WAITING}`,
  `CREATE INDEX jobs_granted ON jobs (granted_at) WHERE ${GRANTED}`,
  // These two hold failed rows only: rows that go well cost nothing, and the newest failures are found among a million others.
  `CREATE INDEX jobs_dead ON jobs (seq) WHERE ${DEAD_ROWS}`,
  `CREATE INDEX jobs_retrying ON jobs (seq) WHERE ${RETRYING_ROWS}`,
  // A claim lists its jobs in its own row: an index on jobs.owner would cost a row for every job of every claim.
  `CREATE TABLE claims (owner TEXT PRIMARY KEY, until INTEGER NOT NULL, seqs TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE abandoned (gen INTEGER PRIMARY KEY, ittybit_job TEXT, until INTEGER NOT NULL)`,
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
    kind TEXT, code TEXT NOT NULL, message TEXT NOT NULL, ittybit_job TEXT, PRIMARY KEY (seq, n)) WITHOUT ROWID`,
  `CREATE TABLE counters (state INTEGER NOT NULL, lane INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (state, lane)) WITHOUT ROWID`,
  `CREATE TABLE hist (tier INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tier, at)) WITHOUT ROWID`,
  `CREATE TABLE docs (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE inbox (id TEXT PRIMARY KEY, hash TEXT NOT NULL, run TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE outbox (kind TEXT PRIMARY KEY, body TEXT NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE dead_messages (id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
    attempts INTEGER NOT NULL) WITHOUT ROWID`,
  // Names of jobs that somebody was shown: an index over all jobs would cost a row for every variant.
  `CREATE TABLE names (hash TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, target TEXT, details TEXT NOT NULL)`,
  `CREATE TABLE actions (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, filter TEXT NOT NULL, match TEXT NOT NULL,
    rate REAL, state TEXT NOT NULL, total INTEGER NOT NULL, exact INTEGER NOT NULL, done INTEGER NOT NULL, skipped INTEGER NOT NULL,
    cursor INTEGER NOT NULL, next_at INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, ended INTEGER, who TEXT NOT NULL)`,
  `CREATE TABLE sign_ins (address TEXT PRIMARY KEY, since INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE samples (tier INTEGER NOT NULL, at INTEGER NOT NULL, open INTEGER NOT NULL, oldest INTEGER, PRIMARY KEY (tier, at)) WITHOUT ROWID`,
];

/** Each entry brings a database from the version before it to its own. Once released, an entry is never changed. */
const MIGRATIONS: readonly (readonly string[])[] = [V1];

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
    // After a rollback the tables are newer than the code. Their version stays: a lower one would make the next upgrade create them again.
    if (version >= MIGRATIONS.length) return;
    sql.exec("INSERT OR REPLACE INTO schema_version (id, version) VALUES (1, ?)", MIGRATIONS.length);
    sql.exec("INSERT OR IGNORE INTO meta (id, ledger_id, seq) VALUES (1, ?, ?)", birth.ledgerId, birth.now * 1000);
  });
}
