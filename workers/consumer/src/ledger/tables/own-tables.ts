import { type Rules, withOwn } from "@prewarm/durable-queue";
import { DAY_MS } from "@prewarm/shared/clock";
import { RUNS_ON } from "../../console/tables/action-rows.ts";
import { HAS_FAILED } from "../../console/tables/failures.ts";
import { RECENT_ROWS_MAX } from "../../console/tables/recent.ts";
import { BULK_ENDED } from "./events.ts";

/*
 * The tables of the ledger beside the queue's (docs/internals/storage-schema.md), by version of the schema.
 */

const V1 = [
  // Of an image: its newest original, what the last purge has done, and the version that was announced last (decision 15).
  `CREATE TABLE images (id TEXT PRIMARY KEY, ordering TEXT, etag TEXT, floor INTEGER NOT NULL, purged INTEGER NOT NULL, lock INTEGER NOT NULL,
    updated INTEGER NOT NULL, purge_ordered INTEGER, purge_deleted INTEGER, purge_done INTEGER, v TEXT, announced INTEGER NOT NULL)
    WITHOUT ROWID`,
  // Purges, new originals and focal points sweep an image's objects (decision 19), found by the image and by the time.
  `CREATE TABLE sweeps (seq INTEGER PRIMARY KEY, image TEXT NOT NULL, kind TEXT NOT NULL, fence INTEGER NOT NULL, lane INTEGER,
    pass INTEGER NOT NULL, at INTEGER NOT NULL, place INTEGER NOT NULL, since INTEGER NOT NULL)`,
  `CREATE INDEX sweeps_place ON sweeps (place)`,
  `CREATE INDEX sweeps_due ON sweeps (kind, at)`,
  // Images that have changed, of which the edges are told (decision 19). `told`: when they were, Unix ms. `first`: the number of the first change.
  `CREATE TABLE changes (id TEXT PRIMARY KEY, first INTEGER NOT NULL, seq INTEGER NOT NULL, forced INTEGER NOT NULL, told INTEGER) WITHOUT ROWID`,
  `CREATE INDEX changes_untold ON changes (seq) WHERE told IS NULL`,
  `CREATE INDEX changes_seq ON changes (seq)`,
  // What crops of an image show (decision 15).
  `CREATE TABLE focals (id TEXT PRIMARY KEY, x REAL, y REAL, fence INTEGER NOT NULL, updated INTEGER NOT NULL) WITHOUT ROWID`,
  // Removed images (decision 19).
  `CREATE TABLE removals (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID`,
  // Viewers' orders of one day, by image.
  `CREATE TABLE viewed (id TEXT PRIMARY KEY, day INTEGER NOT NULL, orders INTEGER NOT NULL, versions TEXT NOT NULL) WITHOUT ROWID`,
  // Events on their way out, a row an endpoint; only where the configuration names any.
  `CREATE TABLE events (n INTEGER PRIMARY KEY, id TEXT NOT NULL, endpoint TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL,
    body TEXT NOT NULL, due INTEGER, tries INTEGER NOT NULL, status INTEGER, said TEXT)`,
  `CREATE INDEX events_due ON events (due) WHERE due IS NOT NULL`,
  // Failed jobs of the queue are counted by cause.
  `CREATE INDEX jobs_failed ON jobs (state, updated) WHERE ${HAS_FAILED}`,
  // Items of a request that were refused at the door, the first ones of them, as JSON.
  `CREATE TABLE rejections (run INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, n)) WITHOUT ROWID`,
  `CREATE TABLE dead_messages (id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, target TEXT, details TEXT NOT NULL)`,
  `CREATE TABLE actions (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, filter TEXT NOT NULL, match TEXT NOT NULL,
    rate REAL, state TEXT NOT NULL, total INTEGER NOT NULL, exact INTEGER NOT NULL, done INTEGER NOT NULL, skipped INTEGER NOT NULL,
    cursor INTEGER NOT NULL, next_at INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, ended INTEGER, who TEXT NOT NULL,
    run INTEGER NOT NULL, canary INTEGER NOT NULL)`,
  // Each change asks which action goes on.
  `CREATE INDEX actions_running ON actions (next_at) WHERE ${RUNS_ON}`,
  `CREATE INDEX runs_ended ON runs (ended) WHERE ${BULK_ENDED}`,
  // Jobs stored of late, up to 500 a row as JSON: what operators are shown of them once their rows are gone.
  `CREATE TABLE recent (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)`,
  // A day's history as JSON: its minutes for two days, its hours for ever. `costs`: what the jobs of the day cost
  // (decision 10); the row is written anyway.
  `CREATE TABLE hist (day INTEGER PRIMARY KEY, body TEXT NOT NULL, costs TEXT)`,
  `CREATE TABLE sign_ins (address TEXT PRIMARY KEY, since INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID`,
];

/** The tables of the queue and of the ledger. */
export const LEDGER_TABLES = withOwn([V1]);

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
  rejections: {
    of: { small: { table: "rejections", key: "run, n", at: "at" } },
    ms: 30 * DAY_MS,
    leastMs: 0,
    most: 2_000,
  },
  actions: {
    of: { small: { table: "actions", key: "n", at: "ended", over: "ended IS NOT NULL" } },
    ms: 90 * DAY_MS,
    leastMs: 90 * DAY_MS,
    most: 2_000,
  },
  dead_messages: {
    of: { small: { table: "dead_messages", key: "id", at: "at" } },
    ms: 30 * DAY_MS,
    leastMs: 30 * DAY_MS,
    most: 10_000,
  },
  // A row is some 50 kB.
  recent: { of: { small: { table: "recent", key: "n", at: "at" } }, ms: 3 * DAY_MS, leastMs: 0, most: RECENT_ROWS_MAX },
  hist: {
    of: { small: { table: "hist", key: "day", at: "(day + 1) * 86400000" } },
    ms: 400 * DAY_MS,
    leastMs: 400 * DAY_MS,
    most: 500,
  },
  events: {
    of: { small: { table: "events", key: "n", at: "at" } },
    ms: 14 * DAY_MS,
    leastMs: 14 * DAY_MS,
    most: 20_000,
  },
} satisfies Rules;
