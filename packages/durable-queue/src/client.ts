/*
 * The public entry of the queue: everything that its users import. Tests and simulators have a second one, `./testing`.
 */

export { probeAt } from "./admission/breaker.ts";
export { type Bucket, take } from "./admission/bucket.ts";
export { budgetLeft, usedBy, usedToday } from "./admission/budget.ts";
export {
  allSlots,
  closeBreaker,
  closedFor,
  fetchesAllowed,
  isFull,
  isHeldBack,
  isProbe,
  nextOpenAt,
  pauseOf,
  type Refusal,
  slotsOf,
} from "./admission/gate.ts";
export { quantileMs } from "./admission/job-times.ts";
export { openJobs, urgentOpen } from "./admission/open-jobs.ts";
export { breakerOf } from "./admission/origins.ts";
export { type Slots, slotsTaken, urgentAdmitted } from "./admission/slots.ts";
export type {
  AcceptChunk,
  Accepted,
  BeforeRestore,
  ChunkAnswer,
  Drop,
  ExchangeAnswer,
  ExchangeRequest,
  External,
  FinishRequest,
  Given,
  Held,
  Outcome,
  Page,
  Phase,
  Totals,
} from "./calls.ts";
export { exchange } from "./claims/exchange.ts";
export { hasQuarantined } from "./claims/hand-out.ts";
export { isLive } from "./claims/leases.ts";
export { openExternally } from "./claims/open-externally.ts";
export {
  claimOf,
  deleteRow,
  heldUntil,
  isLocked,
  newGeneration,
  orderAgain,
  raise,
  refuse,
} from "./claims/transitions.ts";
export {
  type ExternalJob,
  type ExternalJobs,
  NOTHING,
  type Observations,
  type OpenJob,
  type OpenJobsView,
  type UnreportedJob,
  type WatchExternalJobs,
} from "./external-jobs.ts";
export { acceptChunk, findDelivery, finishDelivery } from "./intake/accept-chunk.ts";
export type { JobKey } from "./job-key.ts";
export {
  ALARM_LATE_MS,
  CLAIMS_MAX,
  FULL_BYTES,
  GO_FEW,
  GO_MAX,
  IDEMPOTENCY_MS,
  JOB_DEADLINE_MS,
  LEASE_MIN_LEFT_MS,
  LEASE_MS,
  RESTORE_HOLD_MS,
  SHED_BYTES,
  TOKEN_AHEAD_MS,
  UNHEARD_MS,
} from "./limits.ts";
export { usedByDay } from "./memory/counters.ts";
export type { Gate } from "./memory/gate-memory.ts";
export { Memory } from "./memory/memory.ts";
export { perSecond, SILENT_MS } from "./memory/work-time.ts";
export { type Enqueue, JobQueue, type NewJob } from "./object/job-queue.ts";
export { type Duties, runOutbox } from "./object/on-alarm.ts";
export { type CallLimits, openJobQueue, type RunCall } from "./object/open-job-queue.ts";
export { Queue, type QueueHost } from "./object/queue.ts";
export type { QueueDeps } from "./object/queue-deps.ts";
export { Transactions } from "./object/transactions.ts";
export { cancelRun } from "./operate/cancel-run.ts";
export { examine } from "./operate/examine.ts";
export { admittedRows, type StateCounts, stateCounts, stateOf } from "./operate/job-state.ts";
export { memberStates } from "./operate/member-states.ts";
export { RULES, type Rules } from "./operate/prune.ts";
export { beforeRestore, restored } from "./operate/restored.ts";
export { cancelJob, promoteRun, retryJob } from "./operate/retry-and-cancel.ts";
export { oldestWaiting } from "./operate/sample.ts";
export type { Result } from "./runner/run-job.ts";
export { listAttempts } from "./tables/attempts.ts";
export type { Claim, Owner } from "./tables/claim.ts";
export { addPlace, addToDay, type Places } from "./tables/costs.ts";
export { getDoc, putDoc } from "./tables/docs.ts";
export { countDue, dueIdsOf, nextDueAt, nextRetryOf } from "./tables/due.ts";
export {
  type Breaker,
  boundsOf,
  dayOf,
  type GateLimits,
  type GateState,
  limitsOf,
  monthOf,
  nextMonth,
} from "./tables/gate-state.ts";
export { type Histogram, quantile } from "./tables/histogram.ts";
export {
  emptySlice,
  eventsIn,
  type Minutes,
  mergeSlice,
  mergeSlices,
  readCosts,
  readSlices,
  type Slice,
  TIERS_MS,
} from "./tables/history.ts";
export { groupPlaceOf, idOfName, NEIGHBOURS, nameOf, placeOf, rangeOfGroup } from "./tables/job-ids.ts";
export type { LaneRule } from "./tables/lanes.ts";
export { migrate } from "./tables/migrate.ts";
export { putOutbox } from "./tables/outbox.ts";
export {
  type AutoLimit,
  type Budget,
  type BudgetShare,
  checkedConfig,
  type LimitName,
  type QueueConfig,
} from "./tables/queue-config.ts";
export {
  endOfRecent,
  findRecent,
  firstRecentAt,
  readRecent,
  readRecentOf,
  readRecentSpan,
  type Stored,
} from "./tables/recent.ts";
export {
  CANCELLED,
  CANCELLING,
  DEAD,
  errorOf,
  isOpen,
  type LaneCode,
  REFUSED,
  type Row,
  stateCodes,
  WAITING,
} from "./tables/row.ts";
export { ENDED, HAS_DUE, withOwn } from "./tables/schema.ts";
export { durableSql, int, intOrNull, type Sql, type SqlRow, type SqlValue, text, textOrNull } from "./tables/sql.ts";
export { FOR_EVER, QueueTx } from "./tx/queue-tx.ts";
export { firstRuns, hasNoSubscribers, orderedBy, type Run, readRuns } from "./tx/runs.ts";
