import type { Owner } from "../tables/claim.ts";
import { dueIn, type InLine, type Line, runsDue } from "../tables/due.ts";
import { CANCELLING, type LaneCode, type Row, URGENT, WAITING } from "../tables/row.ts";
import { FOR_EVER, type QueueTx } from "../tx/queue-tx.ts";
import { firstRuns, hasNoSubscribers, sharedIds } from "../tx/runs.ts";
import { cancelOpen, probeDue, putOffUntil } from "./transitions.ts";

/*
 * Which waiting jobs a handler gets. A line is read in the order of due times. Jobs with a claim stay in it and are passed over.
 */

/** So many jobs of a run beyond the limit are taken, so that the jobs of one group stay together. */
const TOGETHER_MAX = 12;
/** Jobs without a claim of one line that a call passes over, because they may not be handed out now. */
const PASSED_MAX = 50;
/** Jobs that a run shares, read by one call. */
const SHARED_MAX = 50;

interface Search {
  tx: QueueTx;
  owner: Owner;
  lane: LaneCode;
  limit: number;
  found: Map<number, Row>;
}

/**
 * Due jobs of a lane that the owner may get. The urgent lane gives at most `limit`, the first due first. In other lanes
 * the runs that go first come before the others, runs take turns, and with the last of a group come up to
 * `TOGETHER_MAX` more.
 */
export function candidates(tx: QueueTx, owner: Owner, lane: LaneCode, limit: number): Row[] {
  const search: Search = { tx, owner, lane, limit, found: new Map() };
  if (lane === URGENT) takeFrom(search, { lane, run: null }, limit);
  else {
    const first = firstRuns(tx.sql, lane);
    takeInTurn(search, first);
    for (const run of first) takeShared(search, run);
    if (left(search) > 0) takeInTurn(search, nextRuns(search));
  }
  return [...search.found.values()];
}

/** A quarantined job is given only to a handler that holds no job. */
export function mayTake({ claims }: Owner, { crashes }: Row): boolean {
  return crashes === 0 || claims.size === 0;
}

/**
 * Cancels a row whose subscribers are all cancelled, or whose group is locked for ever, and a row that no handler holds
 * although it was to be cancelled as soon as its handler reports.
 */
export function cancelUnwanted(tx: QueueTx, row: Row): boolean {
  const isLockedForEver = tx.lockedUntil(row.group) === FOR_EVER;
  if (row.state !== CANCELLING && !isLockedForEver && !hasNoSubscribers(tx.runs, row)) return false;
  cancelOpen(tx, row);
  return true;
}

/* ── Runs ── */

const left = ({ limit, found }: Search): number => Math.max(0, limit - found.size);

/** The next runs that have due jobs. All due jobs of some of them may have claims. */
function nextRuns(search: Search): number[] {
  const { tx, lane } = search;
  const most = left(search) + tx.memory.claims.held().length;
  const after = runsDue(tx.sql, lane, lastTurn(search), tx.dueBy, most);
  return after.length < most ? [...new Set([...after, ...runsDue(tx.sql, lane, -1, tx.dueBy, most)])] : after;
}

/** Takes a share of each run, the one after the last turn first, until enough is found or no run has more. */
function takeInTurn(search: Search, runs: readonly number[]): void {
  const { tx, lane, found } = search;
  const last = lastTurn(search);
  let open = [...runs.filter((run) => run > last), ...runs.filter((run) => run <= last)];
  while (open.length > 0 && left(search) > 0) {
    const giving: number[] = [];
    for (const [n, run] of open.entries()) {
      if (left(search) === 0) return;
      const before = found.size;
      takeFrom(search, { lane, run }, Math.ceil(left(search) / (open.length - n)));
      if (found.size === before) continue;
      giving.push(run);
      tx.memory.turns.set(lane, run);
    }
    open = giving;
  }
}

function lastTurn({ tx, lane }: Search): number {
  return tx.memory.turns.get(lane) ?? -1;
}

/** Takes jobs that a run shares with runs that asked before it. They stand in the lines of those. */
function takeShared(search: Search, run: number): void {
  const { tx, found } = search;
  const { sharedTo } = tx.memory;
  const ids = sharedIds(tx.sql, run, sharedTo.get(run) ?? -1, SHARED_MAX);
  // Members that have ended stay for a month. The next call reads beyond them, and the one after the last begins anew.
  sharedTo.set(run, ids.length < SHARED_MAX ? -1 : (ids.at(-1) ?? -1));
  const next = ids.filter((id) => isNext(search, id));
  for (const row of freeRows(search, next).slice(0, left(search))) found.set(row.id, row);
}

/* ── Jobs ── */

/** Takes a share of a line. */
function takeFrom(search: Search, line: Line, share: number): void {
  const { tx, found } = search;
  const [rows, size]: [Row[], number] = [[], share + (line.run === null ? 0 : TOGETHER_MAX)];
  let after: InLine | undefined;
  for (let passed = 0; rows.length < share && passed < PASSED_MAX; ) {
    const page = dueIn(tx.sql, line, tx.dueBy, size, after);
    const ids = page.map(({ id }) => id).filter((id) => isNext(search, id));
    const free = freeRows(search, ids);
    rows.push(...free);
    passed += ids.length - free.length;
    if (page.length < size) break;
    after = page.at(-1);
  }
  const isOver = (row: Row, n: number) => n >= share && (n >= size || row.group !== rows[n - 1]?.group);
  const end = rows.findIndex(isOver);
  for (const row of end < 0 ? rows : rows.slice(0, end)) found.set(row.id, row);
}

function isNext({ tx, found }: Search, id: number): boolean {
  return tx.memory.claims.byJob(id) === null && !found.has(id);
}

/** Jobs that may be handed out. A job that nobody wants any more is cancelled instead. */
function freeRows(search: Search, ids: readonly number[]): Row[] {
  const { tx, owner, lane } = search;
  const rows = tx.rows.loadIds(ids);
  tx.loadGroups(rows.map(({ group }) => group));
  return rows.filter((row) => {
    if (row.state !== WAITING || cancelUnwanted(tx, row)) return false;
    if (row.lane !== lane || (row.due ?? 0) > tx.dueBy) return false;
    if (putOffUntil(tx, row) <= tx.now) return mayTake(owner, row);
    // At the front of its line it would be read again in every call until it may go.
    row.due = Math.max(row.due ?? 0, tx.lockedUntil(row.group), probeDue(tx, row));
    return false;
  });
}
