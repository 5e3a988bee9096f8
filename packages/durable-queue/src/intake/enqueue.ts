import { DAY_MS } from "../clock.ts";
import { KEY_MAX_CHARS, keyText } from "../job-key.ts";
import type { Enqueue, EnqueueAnswer, NewJob } from "../jobs.ts";
import { FULL_BYTES } from "../limits.ts";
import { laneName, lastLane } from "../tables/lanes.ts";
import { isOpen, type Row } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { acceptChunk, isHeard } from "./accept-chunk.ts";

/** Open jobs above which nothing more is accepted. */
export const BACKLOG_MAX = 1_000_000;
export const JOBS_MAX = 1_000;
/** When to try again while the database has no room. Old rows are deleted by then. */
const NO_ROOM_SECONDS = 3_600;
/** A row of the platform has 2 MB (developers.cloudflare.com/durable-objects/platform/limits, read 2026-11), its key included. */
export const PAYLOAD_MAX_BYTES = 1_900_000;
/** A time in microseconds is beyond it. Chosen. */
export const AHEAD_MAX_MS = 10 * 365 * DAY_MS;
/** September 2001. A time in seconds is before it. */
const FIRST_MS = 1e12;

/**
 * Accepts jobs with their payloads. Throws a `TypeError` for a request that no later call could accept.
 */
export function enqueue(tx: QueueTx, request: Enqueue): EnqueueAnswer {
  const { id, jobs, lane = laneName(tx.lanes, lastLane(tx.lanes)), run = lane } = request;
  checkRequest(request, tx.now);
  if (!isHeard(tx, id)) {
    if ((tx.runs.byId(run)?.cancelledAt ?? 0) > 0) return { status: "cancelled" };
    if (tx.sql.bytes > FULL_BYTES) return { status: "full", retryAfterSeconds: NO_ROOM_SECONDS };
  }
  tx.rows.loadKeys(jobs);
  const before = jobs.map((job) => standing(tx.rows.get(job)));
  const groups = jobs.map(({ group, part }) => ({ group, parts: [part] }));
  const asked = { run: { run, label: null, lane }, delivery: { id, chunk: 0, hash: "" } };
  const answer = acceptChunk(tx, { ...asked, groups, force: false, backlogMax: BACKLOG_MAX }, () => true);
  // An enqueue has no hash, so that is the same each time.
  if (answer.status === "mismatch") throw new Error("the record of this enqueue is of another call");
  if ("retryAfterSeconds" in answer) return { status: "full", retryAfterSeconds: answer.retryAfterSeconds };
  if (answer.status === "done") for (const [n, job] of jobs.entries()) if (before[n] !== "open") begin(tx, job);
  const { status, accepted, duplicates } = answer;
  return { status, accepted, duplicates };
}

function standing(row: Row | null): "new" | "open" | "ended" {
  if (row === null) return "new";
  return isOpen(row) ? "open" : "ended";
}

/** Gives a job that was just accepted its payload and its time. */
function begin(tx: QueueTx, job: NewJob): void {
  const { payload = "", at = 0 } = job;
  const row = tx.rows.get(job);
  if (row === null) return;
  tx.rows.setPayload(row, payload);
  if (at > tx.now) row.due = at;
}

/* ── What is wrong with a request ── */

function checkRequest({ id, jobs, run }: Enqueue, now: number): void {
  checkName(id, "id");
  if (run !== undefined) checkName(run, "run");
  if (jobs.length > JOBS_MAX) throw new TypeError(`enqueue takes at most ${JOBS_MAX} jobs, not ${jobs.length}`);
  const seen = new Set<string>();
  for (const job of jobs) {
    const key = keyText(job);
    if (seen.has(key)) throw new TypeError(`the job ${job.group} ${job.part} stands twice in one enqueue`);
    seen.add(key);
    if (job.at !== undefined) checkTime(job.at, now);
    if (job.payload !== undefined) checkPayload(job.payload);
  }
}

function checkName(text: string, field: string): void {
  const hasLength = typeof text === "string" && text.length > 0 && text.length <= KEY_MAX_CHARS;
  if (!hasLength || !text.isWellFormed() || text.includes("\0"))
    throw new TypeError(`${field} must be a text of 1 to ${KEY_MAX_CHARS} characters, without NUL or half a pair`);
}

function checkTime(at: number, now: number): void {
  const isFit = Number.isSafeInteger(at) && at >= FIRST_MS && at <= now + AHEAD_MAX_MS;
  if (!isFit) throw new TypeError(`at must be a time in Unix ms, at most ten years ahead, not ${at}`);
}

function checkPayload(payload: string): void {
  if (typeof payload !== "string") throw new TypeError(`a payload must be a text, not of the type ${typeof payload}`);
  // A unit of a text has three bytes at most.
  const bytes = 3 * payload.length > PAYLOAD_MAX_BYTES ? new TextEncoder().encode(payload).length : 0;
  if (bytes > PAYLOAD_MAX_BYTES) throw new TypeError(`a payload has at most ${PAYLOAD_MAX_BYTES} bytes, not ${bytes}`);
}
