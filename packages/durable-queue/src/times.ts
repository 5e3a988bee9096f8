/*
 * Durations of the queue, in ms, that must stand in an order with each other. `test/times.test.ts` holds the order. Chosen,
 * unless a source is named.
 */

/**
 * A runner calls the queue at most and at least this often, whatever the queue answers. `busy`: at most, while a job runs
 * or may run. Each call that changes something writes a few rows, so outcomes of this time share them.
 */
export const PAUSE_MS = { least: 20, busy: 100, most: 5_000 };
/** The alarm rings this often while there is work or a lease, so that the queue does not sleep through a lease. */
export const BUSY_MS = 10_000;
/** After a silence of this length handlers may have died because the queue was unreachable. Longer than BUSY_MS. */
export const SLEPT_MS = 15_000;
/** A worker that has not called for this long counts as dead: several calls are missing, and its lease has not ended. */
export const SILENT_MS = 20_000;
/** A handler's right to act on its claims. Every call of the handler renews it. */
export const LEASE_MS = 60_000;
/** POST and put need this much of the lease left, so that they end within it. */
export const LEASE_MIN_LEFT_MS = 30_000;
/**
 * The row of a lease may be older than the lease by this much. Less than LEASE_MIN_LEFT_MS: after an eviction the lease
 * ends as the row says, and its handler begins nothing after that.
 */
export const WRITE_BEHIND_MS = 20_000;
/** A runner's call that has not ended by then is aborted and repeated under its key. It may begin with LEASE_MIN_LEFT_MS. */
export const CALL_MS = LEASE_MIN_LEFT_MS;

/** A token may be given at most this long before it exists; its handler waits as long. */
export const TOKEN_AHEAD_MS = 300;
/**
 * A generation whose job nobody has reported for this long after its admission is *unreported*: a POST is mostly answered
 * within a second.
 */
export const UNHEARD_MS = 10_000;
/** A POST that was sent before its generation was given up has its answer by then, and the service lists its job. */
export const POST_LANDS_MS = 30_000;
/** A queue that was put back hands nothing out for so long: older leases have ended, and older POSTs and deletes landed. */
export const RESTORE_HOLD_MS = 120_000;
/** A job at the service that has not ended by then is given up (deadline of a generation). */
export const JOB_DEADLINE_MS = 600_000;
/** Services replay an idempotency key for a day; an hour is kept in hand. */
export const IDEMPOTENCY_MS = 23 * 3_600_000;

/** A call of the platform that takes longer has failed. */
export const PLATFORM_MS = 10_000;
/** A wake-up counts as under way for this long: longer than its sending takes. */
export const WAKE_MS = 30_000;
