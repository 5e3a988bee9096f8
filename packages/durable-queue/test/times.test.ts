import { expect, it } from "vitest";
import { DAY_MS } from "../src/clock.ts";
import {
  BUSY_MS,
  CALL_MS,
  IDEMPOTENCY_MS,
  JOB_DEADLINE_MS,
  LEASE_MIN_LEFT_MS,
  LEASE_MS,
  PAUSE_MS,
  PLATFORM_MS,
  POST_LANDS_MS,
  RESTORE_HOLD_MS,
  SILENT_MS,
  SLEPT_MS,
  TOKEN_AHEAD_MS,
  UNHEARD_MS,
  WAKE_MS,
  WRITE_BEHIND_MS,
} from "../src/times.ts";

/** Each list grows from left to right. */
const ORDERS: readonly [why: string, ...times: number[]][] = [
  ["a queue with a lease is never silent for so long that no crash counts", PAUSE_MS.most, BUSY_MS, SLEPT_MS],
  ["a worker that calls as it must does not count as dead", 2 * PAUSE_MS.most, SILENT_MS],
  ["a worker that counts as dead still has its lease, so its jobs are not given away", SILENT_MS, LEASE_MS],
  ["a worker renews its lease before it may begin nothing", 2 * PAUSE_MS.most, LEASE_MS - LEASE_MIN_LEFT_MS],
  [
    "after an eviction a handler begins nothing once its row says that its lease is over",
    WRITE_BEHIND_MS,
    LEASE_MIN_LEFT_MS,
  ],
  ["a call that begins ends within the lease", CALL_MS, LEASE_MIN_LEFT_MS + 1],
  ["a token that is given ahead exists before the handler calls again", TOKEN_AHEAD_MS, PAUSE_MS.most],
  ["a POST counts as unreported before it is sure that it made no job", UNHEARD_MS, POST_LANDS_MS],
  ["a POST of an older lease is listed before a restored queue hands out", LEASE_MS + POST_LANDS_MS, RESTORE_HOLD_MS],
  [
    "a job is not given up while its handler may act, and its key outlives it",
    LEASE_MS,
    JOB_DEADLINE_MS,
    IDEMPOTENCY_MS,
  ],
  ["a service has not forgotten a key that is repeated", IDEMPOTENCY_MS, DAY_MS],
  ["a wake-up is not sent twice while it is sent", PLATFORM_MS, WAKE_MS],
];

it.each(ORDERS)("%s", (_, ...times) => {
  for (const [place, time] of times.slice(1).entries()) expect(time).toBeGreaterThan(times[place] ?? Number.NaN);
});
