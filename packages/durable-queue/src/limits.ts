/*
 * The numbers that several files of the queue, or its users, must agree on. Durations are in `times.ts`.
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
/** Failed attempts after which a job is a dead letter, unless the configuration says otherwise. Chosen. */
export const MAX_ATTEMPTS = 5;
/** Above this the database keeps only rows that are needed. Chosen. */
export const SHED_BYTES = 5_000_000_000;
/** Above this the background lane takes no new jobs. Chosen. */
export const FULL_BYTES = 8_000_000_000;
