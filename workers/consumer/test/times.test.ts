import { BUSY_MS, LEASE_MIN_LEFT_MS, LEASE_MS, RESTORE_HOLD_MS } from "@prewarm/durable-queue";
import { expect, it } from "vitest";
import { POST_LANDS_MS } from "../../../packages/durable-queue/src/times.ts";
import {
  BACKGROUND_MS,
  CHECKING_MS,
  DELETE_WITHIN_MS,
  ENGINE_MS,
  HANDLER_WALL_MS,
  LAST_WAIT_MS,
  LIVE_SHIFT_MS,
  PASS_MS,
  POLLER_IDLE_MS,
  R2_WORK_MS,
  RESULT_WITHIN_MS,
  SETTLED_MS,
  SHIFT_MS,
  STAGE_MS,
  VIEWER_SHIFT_MS,
} from "../src/times.ts";

/** Each list grows from left to right. */
const ORDERS: readonly [why: string, ...times: number[]][] = [
  ["a POST that began with enough of the lease has its answer within it", ENGINE_MS, LEASE_MIN_LEFT_MS],
  ["a POST has its answer before the queue is sure that it made no job", ENGINE_MS, POST_LANDS_MS],
  ["a handler waits for its POSTs at the end of its shift", ENGINE_MS, LAST_WAIT_MS],
  ["a viewer's handler ends before the platform ends it", VIEWER_SHIFT_MS + LAST_WAIT_MS, BACKGROUND_MS],
  ["a handler that checks originals does so too", LIVE_SHIFT_MS, CHECKING_MS, BACKGROUND_MS - LAST_WAIT_MS],
  ["a worker sees the end of a copy of an original", STAGE_MS, SHIFT_MS.least, SHIFT_MS.most],
  [
    "every handler ends before the platform ends it, and then a purge is sure",
    SHIFT_MS.most + LAST_WAIT_MS + LEASE_MS,
    HANDLER_WALL_MS,
    SETTLED_MS,
  ],
  ["a result is given up while a handler could still have fetched it", LEASE_MS, RESULT_WITHIN_MS, HANDLER_WALL_MS],
  ["a pass ends, its last delete included, before another may be made", R2_WORK_MS + DELETE_WITHIN_MS, PASS_MS],
  ["a pass of before has ended when a restored queue hands out", R2_WORK_MS + DELETE_WITHIN_MS, RESTORE_HOLD_MS],
  ["the alarm keeps the poller's loop running", BUSY_MS, POLLER_IDLE_MS],
  ["the alarm rings before a pass is made again", BUSY_MS, PASS_MS],
];

it.each(ORDERS)("%s", (_, ...times) => {
  for (const [place, time] of times.slice(1).entries()) expect(time).toBeGreaterThan(times[place] ?? Number.NaN);
});
