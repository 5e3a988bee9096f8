import type { Rules } from "@prewarm/durable-queue/operate/prune";
import type { Tables } from "@prewarm/durable-queue/schema/migrate";
import { withOwn } from "@prewarm/durable-queue/schema/schema";
import { moveSweeps } from "../../images/tables/sweeps.ts";

/*
 * The tables of the ledger beside the queue's (docs/storage-schema.md), by version of the schema.
 */

const V1 = [
  `CREATE TABLE purges (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, look INTEGER NOT NULL, at INTEGER NOT NULL, last INTEGER NOT NULL, more INTEGER NOT NULL)`,
  `CREATE TABLE renewals (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, lane INTEGER NOT NULL, look INTEGER NOT NULL, at INTEGER NOT NULL)`,
  `CREATE TABLE images (id TEXT PRIMARY KEY, ordering TEXT, etag TEXT, floor INTEGER NOT NULL, purged INTEGER NOT NULL, lock INTEGER NOT NULL,
    updated INTEGER NOT NULL) WITHOUT ROWID`,
  // Events on their way out, a row an endpoint; only where the configuration names any.
  `CREATE TABLE events (n INTEGER PRIMARY KEY, id TEXT NOT NULL, endpoint TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL,
    body TEXT NOT NULL, due INTEGER, tries INTEGER NOT NULL, status INTEGER, said TEXT)`,
  `CREATE INDEX events_due ON events (due) WHERE due IS NOT NULL`,
  `CREATE TABLE sign_ins (address TEXT PRIMARY KEY, since INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID`,
];

const V2 = [
  // The newest row of `recent` grows from now on. Of the row that was checked last, the jobs that it has are checked.
  `UPDATE docs SET body = json_set(body, '$.checked', json_object('row', json_extract(body, '$.recent'), 'jobs',
    (SELECT json_array_length(recent.body) FROM recent WHERE recent.n = json_extract(docs.body, '$.recent'))))
    WHERE name = 'events-said' AND json_extract(body, '$.recent') IN (SELECT n FROM recent)`,
];

/** Purges and new originals sweep an image's objects in one table (decision 065), in place of `purges` and `renewals`. */
const V3 = [
  `CREATE TABLE sweeps (seq INTEGER PRIMARY KEY, image TEXT NOT NULL, kind TEXT NOT NULL, fence INTEGER NOT NULL, lane INTEGER,
    pass INTEGER NOT NULL, at INTEGER NOT NULL)`,
];

/** What crops of an image show (decision 072). */
const V5 = [
  `CREATE TABLE focals (id TEXT PRIMARY KEY, x REAL, y REAL, fence INTEGER NOT NULL, updated INTEGER NOT NULL) WITHOUT ROWID`,
];

/**
 * What the last purge of an image has done, in the row that a purge writes anyway; it was a document of all purges. Removed images
 * (decision 099).
 */
const V6 = [
  `ALTER TABLE images ADD COLUMN purge_ordered INTEGER`,
  `ALTER TABLE images ADD COLUMN purge_deleted INTEGER`,
  `ALTER TABLE images ADD COLUMN purge_done INTEGER`,
  `DELETE FROM docs WHERE name = 'purges'`,
  `CREATE TABLE removals (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID`,
];

/** Purges of the edge's copies that are due, and when the last one of an image had ended (decision 102). */
const V7 = [
  `CREATE TABLE cache_purges (what TEXT PRIMARY KEY, bucket INTEGER NOT NULL, rank INTEGER NOT NULL, at INTEGER NOT NULL,
    since INTEGER NOT NULL, due INTEGER NOT NULL, call INTEGER, taken INTEGER) WITHOUT ROWID`,
  `ALTER TABLE images ADD COLUMN purge_edge INTEGER`,
];

/**
 * Sweeps are read by their image and by their time, however many there are. Of an image, the version that was announced last
 * (decision 107), and viewers' orders of one day.
 */
const V8 = [
  `ALTER TABLE sweeps ADD COLUMN place INTEGER`,
  `ALTER TABLE sweeps ADD COLUMN since INTEGER`,
  `CREATE INDEX sweeps_place ON sweeps (place)`,
  `CREATE INDEX sweeps_due ON sweeps (kind, at)`,
  `ALTER TABLE images ADD COLUMN v TEXT`,
  `ALTER TABLE images ADD COLUMN announced INTEGER NOT NULL DEFAULT 0`,
  `CREATE TABLE viewed (id TEXT PRIMARY KEY, day INTEGER NOT NULL, orders INTEGER NOT NULL, versions TEXT NOT NULL) WITHOUT ROWID`,
];

/** The tables of the queue and of the ledger. */
export const LEDGER_TABLES: Tables = { migrations: withOwn([V1, V2, V3, [], V5, V6, V7, V8]), moveRows: moveSweeps };

const DAY_MS = 86_400_000;

/** How long rows are kept. `images` keep the order of uploads; a locked image is in use. */
export const OWN_RULES = {
  images: {
    of: { large: { table: "images", at: "max(updated, lock)" } },
    ms: 90 * DAY_MS,
    leastMs: DAY_MS,
    most: 1_500_000,
  },
  // Only what is left of a point that was taken back. A point itself stays, because nobody tells it again.
  focals: {
    of: { large: { table: "focals", at: "updated", over: "x IS NULL" } },
    ms: 90 * DAY_MS,
    leastMs: DAY_MS,
    most: 1_500_000,
  },
  events: {
    of: { small: { table: "events", key: "n", at: "at" } },
    ms: 14 * DAY_MS,
    leastMs: 14 * DAY_MS,
    most: 20_000,
  },
} satisfies Rules;
