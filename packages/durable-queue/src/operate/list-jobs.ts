import type { JobKey } from "../job-key.ts";
import type { FailedAttempt, Job, JobCounts, JobDetails, JobPage, JobQuery, RunView } from "../jobs.ts";
import { listAttempts } from "../tables/attempts.ts";
import { endedIds } from "../tables/ended.ts";
import { idOfName, nameOf, rangeOfGroup } from "../tables/job-ids.ts";
import { laneCode, laneName } from "../tables/lanes.ts";
import { CANCELLED, DEAD, errorOf, isOpen, type Row } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { admittedRows, memberStates, stateCounts, stateOf } from "./job-state.ts";

/*
 * What a `JobQueue` shows of its jobs and runs.
 */

/** Jobs that one page walks past, because calls wait meanwhile. */
export const WALKED_MAX = 1_000;
export const PAGE_MAX = 100;
const END = Number.MAX_SAFE_INTEGER;

type Words = Parameters<typeof wordsOf>[0];

/** The counts under the words of calls. No call is refused: such a job ended without a result, too. */
function wordsOf({
  queued,
  processing,
  retrying,
  stored,
  dead,
  refused,
  cancelled,
}: Record<ReturnType<typeof stateOf>, number>): JobCounts {
  return { waiting: queued, running: processing, retrying, done: stored, dead: dead + refused, cancelled };
}

const STATES = {
  queued: "waiting",
  processing: "running",
  retrying: "retrying",
  stored: "dead",
  dead: "dead",
  refused: "dead",
  cancelled: "cancelled",
} as const satisfies Record<keyof Words, Job["state"]>;

const ENDED = { dead: DEAD, cancelled: CANCELLED } as const;

export function viewJob(tx: QueueTx, row: Row): Job {
  const held = tx.memory.claims.byJob(row.id);
  const state = STATES[stateOf(tx, row)];
  const isWaiting = isOpen(row) && state !== "running";
  return {
    group: row.group,
    part: row.part,
    state,
    lane: laneName(tx.lanes, row.lane),
    run: tx.runs.byNumber(row.run)?.id ?? null,
    enqueuedAt: row.created,
    dueAt: isWaiting ? Math.max(held?.due ?? 0, row.due ?? 0) : null,
    attempts: row.attempts,
    error: errorOf(row),
  };
}

/** A job with its payload and its failures. Null: there is none of this key, or it is done. */
export function findJob(tx: QueueTx, key: JobKey): JobDetails | null {
  const row = rowOf(tx, key);
  if (row === null) return null;
  return { ...viewJob(tx, row), payload: tx.rows.payloadOf(row), failures: failuresOf(tx, row) };
}

/** The payload of a job. "": it has none, or there is no job of this key. */
export function payloadOf(tx: QueueTx, key: JobKey): string {
  const row = rowOf(tx, key);
  return row === null ? "" : tx.rows.payloadOf(row);
}

export function rowOf(tx: QueueTx, key: JobKey): Row | null {
  return tx.rows.loadKeys([key])[0] ?? null;
}

function failuresOf(tx: QueueTx, row: Row): FailedAttempt[] {
  return listAttempts(tx.sql, row).map(({ n, started, ended, code, message, status }) => ({
    number: n,
    startedAt: started,
    endedAt: ended,
    code,
    message,
    httpStatus: status,
  }));
}

/** A page of the jobs that are not done, in the order of ids. Throws a `TypeError` for a limit or cursor that is none. */
export function listJobs(
  tx: QueueTx,
  query: JobQuery,
  { limit = PAGE_MAX, cursor = null }: { limit?: number; cursor?: string | null },
): JobPage {
  const above = cursor === null ? -1 : idOfName(cursor);
  if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`limit must be a number from 1, not ${limit}`);
  if (above === null) throw new TypeError("cursor must be one that jobs() has answered");
  const run = query.run === undefined ? null : (tx.runs.byId(query.run)?.n ?? -1);
  const isAsked = (row: Row): boolean =>
    (query.group === undefined || row.group === query.group) &&
    (query.lane === undefined || row.lane === laneCode(tx.lanes, query.lane)) &&
    (query.state === undefined || STATES[stateOf(tx, row)] === query.state) &&
    (run === null || tx.runs.subscribersOf(row).includes(run));
  const { rows, to } = nextRows(tx, query, above);
  const found = rows.filter(isAsked).sort((a, b) => a.id - b.id);
  const most = Math.min(limit, PAGE_MAX);
  const last = found.length > most ? (found[most - 1]?.id ?? END) : to;
  const jobs = found.slice(0, most).map((row) => viewJob(tx, row));
  return { jobs, cursor: last === END ? null : nameOf(last) };
}

/** The next rows above an id, among them all that the query asks for. `to`: these are all up to this id. */
function nextRows(tx: QueueTx, { state, group }: JobQuery, above: number): { rows: Row[]; to: number } {
  if (state === "running") return { rows: admittedRows(tx).filter(({ id }) => id > above), to: END };
  if (state === "dead" || state === "cancelled") {
    const ids = endedIds(tx.sql, ENDED[state], above, WALKED_MAX);
    return { rows: tx.rows.loadIds(ids), to: ids.length < WALKED_MAX ? END : (ids.at(-1) ?? END) };
  }
  if (group === undefined) return tx.rows.loadAbove(above, WALKED_MAX);
  const range = rangeOfGroup(group, tx.queueId);
  const { rows, to } = tx.rows.loadAbove(Math.max(above, range.from - 1), WALKED_MAX);
  return { rows, to: to >= range.to ? END : to };
}

/** Jobs by state, of one lane or of all. */
export function countJobs(tx: QueueTx, lane?: Job["lane"]): JobCounts {
  const counts = stateCounts(tx);
  const sum = (state: keyof Words) =>
    lane === undefined ? Object.values(counts[state]).reduce((all, n) => all + n, 0) : (counts[state][lane] ?? 0);
  return wordsOf({
    queued: sum("queued"),
    processing: sum("processing"),
    retrying: sum("retrying"),
    stored: sum("stored"),
    dead: sum("dead"),
    refused: sum("refused"),
    cancelled: sum("cancelled"),
  });
}

/** A run with its counts. Null: there is none. */
export function findRun(tx: QueueTx, id: string): RunView | null {
  const run = tx.runs.byId(id);
  if (run === null) return null;
  return {
    run: run.id,
    lane: laneName(tx.lanes, run.lane),
    createdAt: run.created,
    endedAt: run.ended || null,
    cancelledAt: run.cancelledAt || null,
    jobs: wordsOf(memberStates(tx, run)),
  };
}
