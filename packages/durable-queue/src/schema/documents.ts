import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { addCount, CountersDoc, type Counts, type Used } from "./counters.ts";
import { addTo, type Histogram } from "./histogram.ts";
import type { Minutes } from "./history.ts";
import { readMeta } from "./meta.ts";
import { Orders } from "./orders.ts";
import { addRecent, type Stored } from "./recent.ts";
import { countedAs, FIRST_ENDED, type LaneCode, type StateCode } from "./row.ts";
import { Runs } from "./runs.ts";
import { int, type Sql, text } from "./sql.ts";

/*
 * Release 0.1.0 wrote one document per handler: its claims, and the counts that their changes had made since. Such documents
 * are found at an upgrade, at an upgrade after a rollback to 0.1.0, and in a copy that 0.1.0 exported. The same is true of
 * rows that are untouched and have no due time.
 */

/** A claim: `[job, gen, first, external id, due, admitted at, lane, day, paid by, hook, unfetched since]`. */
type Packed = [
  ...[number, number, 0 | 1, string | null, number, number, LaneCode, string, LaneCode],
  hook?: string | null,
  unfetchedSince?: number,
];

/** Changes that are not in the tables of counts, runs, history and stored jobs yet. */
interface Sums {
  counts: Counts;
  used: Used;
  /** By the number of the run. */
  runs: Record<number, { states: number[]; existing: number; ready: Histogram }>;
  minutes: Minutes;
  recent: Stored[];
}

/** Moves what only 0.1.0 writes into the tables of today, and leaves its tables empty. */
export function moveDocuments(sql: Sql): void {
  if (sql.exec("SELECT 1 FROM fresh LIMIT 1").length > 0) findUntouched(sql);
  for (const raw of sql.exec("SELECT owner, until, over, body FROM hands ORDER BY owner")) {
    const { role, entries, sums } = JSON.parse(text(raw.body)) as { role: string; entries: Packed[]; sums: Sums };
    const owner = int(raw.over) === 1 ? null : text(raw.owner);
    const lease = "INSERT OR REPLACE INTO owners (name, lease_until, role) VALUES (?, ?, ?)";
    if (owner !== null) sql.exec(lease, owner, int(raw.until), role);
    for (const packed of entries) insertClaim(sql, packed, owner);
    addSums(sql, sums);
  }
  sql.exec(`INSERT OR REPLACE INTO claims
    (gen, job, state, owner, lane, paid_by, first, admitted_at, external_id, due, until, hook, unfetched_since)
    SELECT gen, 0, 'abandoned', NULL, 2, 2, 0, 0, job, 0, until, NULL, NULL FROM abandoned`);
  if (sql.exec("SELECT 1 FROM hands LIMIT 1").length > 0) dropDoubles(sql);
  sql.exec("DELETE FROM hands");
  sql.exec("DELETE FROM abandoned");
}

/**
 * After a rollback 0.1.0 does not see a job that waits in an order, so a view makes a second row of it. The job waits
 * on in its order, for the runs that asked for it.
 */
function dropDoubles(sql: Sql): void {
  const orders = new Orders(sql, readMeta(sql).ledgerId);
  const jobs: Counts = {};
  for (const { row } of orders.withRows(sql).flatMap((order) => orders.jobsOf(order))) {
    const [double] = sql.exec("SELECT state, lane, attempts FROM jobs WHERE id = ?", row.id);
    if (double === undefined) continue;
    const state = countedAs({ state: int(double.state) as StateCode, attempts: int(double.attempts) });
    addCount(jobs, state, int(double.lane) as LaneCode, -1);
    sql.exec("DELETE FROM jobs WHERE id = ?", row.id);
    const others = "job = ? AND gen <> ?";
    sql.exec(`DELETE FROM claims WHERE ${others} AND state = 'prefetched'`, row.id, row.gen);
    sql.exec(
      `UPDATE claims SET state = 'abandoned', owner = NULL, until = gen / 1000 + ? WHERE ${others}`,
      ...[JOB_DEADLINE_MS, row.id, row.gen],
    );
  }
  new CountersDoc(sql).add(sql, { jobs, used: {}, minutes: {}, costs: {} }, Number.MAX_SAFE_INTEGER);
}

/**
 * 0.1.0 found untouched rows through `fresh`. They are due since their order, the oldest first. They lose the turns
 * between runs.
 */
export function findUntouched(sql: Sql): void {
  sql.exec("UPDATE jobs SET due = created WHERE state < ? AND due IS NULL", FIRST_ENDED);
  sql.exec("DELETE FROM fresh");
}

function insertClaim(sql: Sql, packed: Packed, owner: string | null): void {
  const [job, gen, first, externalId, due, admittedAt, lane, , paidBy, hook = null, unfetchedSince = null] = packed;
  // A claim from before a rollback. The job has gone on to another generation since.
  const until = Math.floor(gen / 1000) + JOB_DEADLINE_MS;
  sql.exec(
    "UPDATE claims SET state = 'abandoned', owner = NULL, until = ? WHERE job = ? AND gen <> ?",
    until,
    job,
    gen,
  );
  const state = admittedAt > 0 ? "admitted" : "prefetched";
  // 0.1.0 wrote an origin here at first.
  const address = hook !== null && new URL(hook).pathname !== "/" ? hook : null;
  sql.exec(
    `INSERT OR REPLACE INTO claims
      (gen, job, state, owner, lane, paid_by, first, admitted_at, external_id, due, until, hook, unfetched_since)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
    ...[gen, job, state, owner, lane, paidBy, first, admittedAt, externalId, due, address, unfetchedSince],
  );
}

function addSums(sql: Sql, { counts, used, runs: moves, minutes, recent }: Sums): void {
  // Every minute of a document is over, or is merged with the current one when that is over.
  new CountersDoc(sql).add(sql, { jobs: counts, used, minutes, costs: {} }, Number.MAX_SAFE_INTEGER);
  addRecent(sql, recent);
  const last = Math.max(0, ...Object.keys(minutes).map(Number), ...recent.map(({ at }) => at));
  const runs = new Runs(sql, last);
  for (const [n, { states, existing, ready }] of Object.entries(moves)) {
    const run = runs.byNumber(Number(n));
    if (run === null) continue;
    run.states = run.states.map((count, code) => count + (states[code] ?? 0));
    run.existing += existing;
    addTo(run.ready, ready);
  }
  runs.flush();
}
