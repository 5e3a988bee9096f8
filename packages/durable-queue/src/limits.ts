/*
 * The constants that several files of the queue, or its users, must agree on. Times are ms.
 */

/** Claims of one worker: what six connections complete in some three seconds. */
export const CLAIMS_MAX = 40;
/**
 * POSTs that one call of a worker may begin. With more, jobs that wait for one of six connections take slots that others
 * could use at once; with fewer, slots wait for the next call.
 */
export const GO_MAX = 10;
/**
 * The same while fewer slots are free than workers are there: about what six connections send at once. The other workers
 * call within milliseconds.
 */
export const GO_FEW = 7;
/** Services replay an idempotency key for a day; an hour is kept in hand. */
export const IDEMPOTENCY_MS = 23 * 3_600_000;
/** A handler's right to act on its claims. Every call of the handler renews it. */
export const LEASE_MS = 60_000;
/** A token may be given at most this long before it exists; its handler waits as long. Chosen. */
export const TOKEN_AHEAD_MS = 300;
/** POST and put need this much of the lease left. */
export const LEASE_MIN_LEFT_MS = 30_000;
/** A job at the service that has not ended by then is given up (deadline of a generation). */
export const JOB_DEADLINE_MS = 600_000;
/**
 * A generation whose job nobody has reported for this long after its admission is *unreported*: a POST is mostly answered
 * within a second, and its client gives up after 15 s. Chosen.
 */
export const UNHEARD_MS = 10_000;
/** A queue that was put back hands nothing out for so long: a delete from before has landed by then. */
export const RESTORE_HOLD_MS = 120_000;
/**
 * Maintenance or a failover delays a Durable Object's alarm by up to a minute
 * (developers.cloudflare.com/durable-objects/api/alarms, read 2026-11).
 */
export const ALARM_LATE_MS = 60_000;
/** Above this the database keeps only rows that are needed. Chosen. */
export const SHED_BYTES = 5_000_000_000;
/** Above this the background lane takes no new jobs. Chosen. */
export const FULL_BYTES = 8_000_000_000;
