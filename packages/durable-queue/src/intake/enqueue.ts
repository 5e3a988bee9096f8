import type { Enqueue, EnqueueAnswer, NewJob } from "../jobs.ts";
import { FULL_BYTES } from "../limits.ts";
import { laneName, lastLane } from "../tables/lanes.ts";
import { isOpen, type Row } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { acceptChunk, isHeard } from "./accept-chunk.ts";

/** Open jobs above which nothing more is accepted. */
export const BACKLOG_MAX = 1_000_000;
/** When to try again while the database has no room. Old rows are deleted by then. */
const NO_ROOM_SECONDS = 3_600;

/** Accepts jobs with their payloads. Judge the request before (`checkEnqueue`). */
export function enqueue(tx: QueueTx, request: Enqueue): EnqueueAnswer {
  const { id, jobs, lane = laneName(tx.lanes, lastLane(tx.lanes)), run = lane } = request;
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
