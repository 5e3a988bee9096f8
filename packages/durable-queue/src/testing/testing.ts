/*
 * The entry for tests and simulators: SQLite in Node within the platform's limits, and parts whose rules are tested alone.
 */

export { noteThrottled } from "../admission/auto-gate.ts";
export { BACKOFF_CAP_MS, backoffMs, originBackoffMs } from "../admission/backoff.ts";
export { openBreaker } from "../admission/gate.ts";
export { expireLeases } from "../claims/leases.ts";
export { observe } from "../claims/observe.ts";
export { wakesDue, workOf } from "../claims/pace.ts";
export { die } from "../claims/transitions.ts";
export type { Scan } from "../external-jobs.ts";
export { type Counters, CountersDoc, countRows } from "../memory/counters.ts";
export { learnJobMs } from "../memory/gate-memory.ts";
export { AlarmClock, nextAlarm } from "../object/alarm.ts";
export { runDuties, wake } from "../object/on-alarm.ts";
export { recount } from "../operate/examine.ts";
export { pruneSlice, type Round, readRound, writeRound } from "../operate/prune.ts";
export { cancelSlices } from "../operate/retry-and-cancel.ts";
export { runJobs } from "../runner/run-jobs.ts";
export { deleteOld } from "../tables/aged.ts";
export { hasRow, newClaim } from "../tables/claim.ts";
export { PLACES } from "../tables/job-ids.ts";
export { outboxDone, outboxDue } from "../tables/outbox.ts";
export { STORED } from "../tables/row.ts";
export type { Migrations } from "../tables/schema.ts";
export { readingOnly } from "../tables/sql.ts";
export { nodeSql } from "./node-sql.ts";
