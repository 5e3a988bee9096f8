/*
 * Tables and indexes of the operator's side (docs/storage-schema.md). The two partial indexes hold failed rows only, so that the many that
 * go well cost nothing, and the newest failures are found at once below a million waiting rows.
 */

/** Ended without bytes: dead letters, and originals that are missing or of no use. */
export const DEAD_ROWS = "state IN (4, 6)";
/** Waits after a failed attempt. */
export const RETRYING_ROWS = "state = 2";

export const OPERATOR_TABLES = [
  `CREATE INDEX jobs_dead ON jobs (seq) WHERE ${DEAD_ROWS}`,
  `CREATE INDEX jobs_retrying ON jobs (seq) WHERE ${RETRYING_ROWS}`,
  // Public names of jobs that somebody was shown: an index over all would cost a row for every variant.
  `CREATE TABLE names (hash TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, target TEXT, details TEXT NOT NULL)`,
  `CREATE TABLE actions (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, filter TEXT NOT NULL, match TEXT NOT NULL,
    rate REAL, state TEXT NOT NULL, total INTEGER NOT NULL, exact INTEGER NOT NULL, done INTEGER NOT NULL, skipped INTEGER NOT NULL,
    cursor INTEGER NOT NULL, next_at INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, ended INTEGER, who TEXT NOT NULL)`,
  `CREATE TABLE sign_ins (address TEXT PRIMARY KEY, since INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE samples (tier INTEGER NOT NULL, at INTEGER NOT NULL, open INTEGER NOT NULL, oldest INTEGER, PRIMARY KEY (tier, at)) WITHOUT ROWID`,
];
