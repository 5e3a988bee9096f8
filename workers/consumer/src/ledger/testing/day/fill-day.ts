import { putDoc, type Sql } from "@prewarm/durable-queue";
import { countRows, PLACES } from "@prewarm/durable-queue/testing";

/** Noon of the day. */
export const NOON = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;
const MIDNIGHT = NOON - DAY_MS / 2;
/** Variants of a row of `recent`. */
const ROW_JOBS = 500;

/** What a day holds. */
export interface DaySize {
  /** Variants that were stored since midnight, as viewers' orders. */
  stored: number;
  /** The share of the other tables' largest sizes, above 0 and up to 1. */
  tables: number;
}

/** The other tables' rows: as many as they keep (docs/internals/storage-schema.md), or more than a call may read. */
const ROWS = {
  images: 100_000,
  inbox: 100_000,
  waiting: 300_000,
  dead: 100_000,
  refused: 20_000,
  retrying: 12_000,
  endedRuns: 49_000,
  openRuns: 100,
  joins: 20_000,
  claims: 200,
  actions: 2_000,
  events: 20_000,
  audit: 20_000,
  deadMessages: 10_000,
  rejections: 2_000,
  removals: 15_000,
  sweeps: 20_000,
  days: 400,
};

/** A statement for each table. `k.n`: the number of the row, from 0. */
const FILL: readonly [rows: number, statement: string][] = [
  [
    ROWS.images,
    `INSERT INTO images (id, ordering, etag, floor, purged, lock, updated, announced)
      SELECT 'p' || k.n || '.jpg', '1', 'e', 0, 0, 0, ${MIDNIGHT}, 0 FROM k`,
  ],
  [
    ROWS.images,
    `INSERT INTO viewed (id, day, orders, versions) SELECT 'p' || k.n || '.jpg', ${MIDNIGHT / DAY_MS}, 3, '["1"]' FROM k`,
  ],
  [
    ROWS.inbox,
    `INSERT INTO inbox (id, hash, run, answer, at) SELECT 'old-' || k.n || '#0', 'h', '', '[]', ${NOON} FROM k`,
  ],
  [
    ROWS.waiting,
    jobs({ first: 1_000_000, grp: "o' || (k.n / 3) || '.jpg", state: 0, due: `${MIDNIGHT} + k.n`, attempts: 0 }),
  ],
  [ROWS.dead, jobs({ first: 200_000, grp: "dead/x' || (k.n / 9) || '.jpg", state: 2, due: "NULL", attempts: 5 })],
  [ROWS.refused, jobs({ first: 400_000, grp: "no/x' || k.n || '.jpg", state: 3, due: "NULL", attempts: 0 })],
  [
    ROWS.retrying,
    jobs({ first: 600_000, grp: "again/x' || k.n || '.jpg", state: 0, due: `${NOON} + 600000 + k.n`, attempts: 1 }),
  ],
  [ROWS.openRuns, runs("k.n + 1", { id: "open", ended: "0", open: "3000" })],
  [ROWS.endedRuns, runs(`k.n + 1 + ${ROWS.openRuns}`, { id: "run", ended: `${MIDNIGHT} - 1000 + k.n`, open: "0" })],
  [
    ROWS.joins,
    `INSERT INTO joins (id, run) SELECT (600000 + k.n / 10) * ${PLACES} + 7, 1 + k.n % ${ROWS.openRuns} FROM k`,
  ],
  [
    ROWS.claims,
    `INSERT INTO claims (gen, job, state, owner, lane, paid_by, first, admitted_at, external_id, due, until, unfetched_since)
      SELECT 1000 + k.n, (600000 + k.n) * ${PLACES} + 7, 'admitted', NULL, 2, 2, 0, ${NOON}, 'job-' || k.n, 0, 0, NULL FROM k`,
  ],
  [
    ROWS.actions,
    `INSERT INTO actions (id, kind, filter, match, rate, state, total, exact, done, skipped, cursor, next_at, created, updated, ended, who, run, canary)
      SELECT 'act_' || k.n, 'cancel', '{}', '{}', NULL, 'done', 1, 1, 1, 0, 0, 0, ${MIDNIGHT}, ${MIDNIGHT}, ${MIDNIGHT}, 'w', 0, 0 FROM k`,
  ],
  [
    ROWS.events,
    `INSERT INTO events (id, endpoint, type, at, body, due, tries, status, said)
      SELECT 'e' || k.n, 'x', 'test', ${MIDNIGHT}, '{}', NULL, 1, 204, '' FROM k`,
  ],
  [ROWS.audit, `INSERT INTO audit (at, who, what, target, details) SELECT ${MIDNIGHT}, 'w', 'warm', 'r', '{}' FROM k`],
  [
    ROWS.deadMessages,
    `INSERT INTO dead_messages (id, queue, body, reason, at) SELECT 'm' || k.n, 'q', '{}', 'r', ${MIDNIGHT} + k.n FROM k`,
  ],
  [ROWS.rejections, `INSERT INTO rejections (run, n, at, body) SELECT 1 + k.n, 1, ${MIDNIGHT}, '[]' FROM k`],
  [
    ROWS.removals,
    `INSERT INTO removals (id, body) SELECT 'gone' || k.n, json_object('id', 'gone' || k.n, 'reason', '', 'who', 'w', 'at', ${MIDNIGHT},
      'jobs', 0, 'focal', json('false'), 'objects', json('[]'), 'more', 0, 'checks', json('[]')) FROM k`,
  ],
  [
    ROWS.sweeps,
    `INSERT INTO sweeps (seq, image, kind, fence, lane, pass, at, place, since)
      SELECT 1 + k.n, 's' || k.n, 'delete', 1 + k.n, NULL, 1, ${MIDNIGHT} + k.n, (1000000 + k.n) * ${PLACES}, ${MIDNIGHT} + k.n FROM k`,
  ],
  [
    ROWS.days,
    `INSERT INTO hist (day, body, costs) SELECT ${MIDNIGHT / DAY_MS} - k.n, '{"minutes":{},"hours":{}}', '{"width 640":[1,1,10]}' FROM k`,
  ],
];

function jobs(of: { first: number; grp: string; state: number; due: string; attempts: number }): string {
  const error = `'{"code":"c' || (k.n % 50) || '","message":"it failed"}'`;
  return `INSERT INTO jobs (id, grp, part, lane, run, joined, state, gen, floor, due, attempts, unclear, crashes, error, dead_until, created,
      updated)
    SELECT (${of.first} + k.n) * ${PLACES} + 7, '${of.grp}', '320-high.webp', 2, 1 + k.n % ${ROWS.openRuns}, ${of.state === 0 ? 1 : 0}, ${of.state},
      1000 + k.n, 0, ${of.due}, ${of.attempts}, 0, 0, ${error}, 0, ${MIDNIGHT} + k.n, ${MIDNIGHT} + k.n FROM k`;
}

function runs(n: string, { id, ended, open }: { id: string; ended: string; open: string }): string {
  return `INSERT INTO runs (n, id, label, lane, created, updated, ended, cancelled_at, cancel_cursor, accepted, duplicates, existing, states,
    accepting, open) SELECT ${n}, '${id}' || k.n, NULL, 2, ${MIDNIGHT}, ${MIDNIGHT}, ${ended}, 0, 0, 3000, 0, 0,
    '[' || ${open} || ',0,0,0,0,0,0]', 0, ${open} FROM k`;
}

/** Fills the tables of an empty ledger. */
export function fillDay(sql: Sql, { stored, tables }: DaySize): void {
  const one =
    "json_array(4503599627370496 + j.n, 'p' || j.n || '.jpg', '828-high.webp', 1795521600000000 + j.n, at, at, 34567, 0, 0, 0, at, 900, 1)";
  const body = `SELECT json_group_array(${one}) FROM (SELECT k.n * ${ROW_JOBS} + i.n AS n FROM i) AS j`;
  const inRow = `i(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n + 1 < ${ROW_JOBS})`;
  const rowMs = (DAY_MS / 2) * (ROW_JOBS / stored);
  const at = `SELECT n, CAST(${MIDNIGHT} + n * ${rowMs} AS INTEGER) AS at FROM k`;
  fill(sql, stored / ROW_JOBS, `INSERT INTO recent (at, body) SELECT at, (${body}) FROM (${at}) AS k`, inRow);
  for (const [rows, statement] of FILL) fill(sql, Math.ceil(rows * tables), statement);
  putDoc(sql, "counts", JSON.stringify({ jobs: countRows(sql), used: {} }));
}

function fill(sql: Sql, rows: number, statement: string, more?: string): void {
  const upTo = `k(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM k WHERE n + 1 < ${rows})`;
  sql.exec(`WITH RECURSIVE ${more === undefined ? upTo : `${upTo}, ${more}`} ${statement}`);
}
