import { DAY_MS } from "./clock.ts";
import { checkKey, isName, KEY_MAX_CHARS, keyText } from "./job-key.ts";
import type { Enqueue, Pause } from "./jobs.ts";
import { type LaneRule, laneRule } from "./tables/lanes.ts";

/*
 * What is wrong with the arguments of a `JobQueue`. It is judged before the transaction: an error within one costs the
 * queue its memory of tokens, learned times and calls.
 */

export const JOBS_MAX = 1_000;
/** A row of the platform has 2 MB (developers.cloudflare.com/durable-objects/platform/limits, read 2026-11), its key included. */
export const PAYLOAD_MAX_BYTES = 1_900_000;
/** A time in microseconds is beyond it. Chosen. */
export const AHEAD_MAX_MS = 10 * 365 * DAY_MS;
/** September 2001. A time in seconds is before it. */
const FIRST_MS = 1e12;

/** Throws a `TypeError` for a request that no later call could accept. */
export function checkEnqueue({ id, jobs, run, lane }: Enqueue, lanes: readonly LaneRule[], now: number): void {
  checkName(id, "id");
  checkLane(lanes, lane);
  if (run !== undefined) checkName(run, "run");
  if (jobs.length > JOBS_MAX) throw new TypeError(`enqueue takes at most ${JOBS_MAX} jobs, not ${jobs.length}`);
  const seen = new Set<string>();
  for (const job of jobs) {
    checkKey(job);
    const key = keyText(job);
    if (seen.has(key)) throw new TypeError(`the job ${job.group} ${job.part} stands twice in one enqueue`);
    seen.add(key);
    if (job.at !== undefined) checkTime(job.at, now);
    if (job.payload !== undefined) checkPayload(job.payload);
  }
}

/** Throws a `TypeError` for a lane that the queue does not have, and for an end that has passed. */
export function checkPause({ lane, until }: Pause, lanes: readonly LaneRule[], now: number): void {
  checkLane(lanes, lane);
  if (until !== undefined && !(until > now))
    throw new TypeError(`until must be a time to come in Unix ms, not ${until}`);
}

/** Throws a `TypeError` for a lane that the queue does not have. Undefined: the call has a default. */
export function checkLane(lanes: readonly LaneRule[], lane: string | undefined): void {
  if (lane !== undefined) laneRule(lanes, lane);
}

function checkName(text: string, field: string): void {
  if (!isName(text))
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
