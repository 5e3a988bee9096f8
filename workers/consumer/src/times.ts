import { LEASE_MS } from "@prewarm/durable-queue";

/*
 * Durations of the consumer, in ms, that must stand in an order with each other or with the queue's
 * (`packages/durable-queue/src/times.ts`). `test/times.test.ts` holds the order. Chosen, unless a source is named.
 */

/* ── A handler ── */

/** Longest wait for an answer of the engine: a POST that hangs holds up the `submitted` of a whole batch. */
export const ENGINE_MS = 15_000;
/** A handler waits this long at its shift's end for calls that have begun: longer than the engine's client does. */
export const LAST_WAIT_MS = ENGINE_MS + 1_000;
/**
 * The platform gives this much time to work in the background (developers.cloudflare.com/workers/platform/limits, read
 * 2026-11).
 */
export const BACKGROUND_MS = 30_000;
/** The shift of a live handler: an origin may be slow, and other handlers go on with its other jobs. */
export const LIVE_SHIFT_MS = 5_000;
/** The shift of a handler that the edge has called. It and the last wait end within BACKGROUND_MS. */
export const VIEWER_SHIFT_MS = 10_000;
/**
 * The shift of a live handler that holds no job and checks originals. It and the last wait end within BACKGROUND_MS.
 */
export const CHECKING_MS = 12_000;
/** A copy of an original may take this long: less than the shortest shift, so that its handler sees its end. */
export const STAGE_MS = 20_000;
/** Workers live 30–60 s, at random, so that workers that started together do not stop together. */
export const SHIFT_MS = { least: 30_000, most: LEASE_MS };
/**
 * A handler's longest life (queue consumers: 15 minutes wall, developers.cloudflare.com/queues/platform/limits, read
 * 2026-11).
 */
export const HANDLER_WALL_MS = 900_000;
/** A handler that began before now has ended, and its last put has landed. */
export const SETTLED_MS = HANDLER_WALL_MS + 60_000;
/**
 * A result that cannot be fetched is given up this long after the first refusal: hosts restart sooner, people wait
 * less.
 */
export const RESULT_WITHIN_MS = 600_000;

/**
 * The poller's loop ends after this time without a call. Each call and alarm of the ledger is one, so BUSY_MS must be
 * shorter.
 */
export const POLLER_IDLE_MS = 25_000;

/* ── A pass over an image's objects ── */

/** A delete has no condition, so it is not made if it has waited for a connection this long. */
export const DELETE_WITHIN_MS = 10_000;
/** A pass, and the list of blocks after a restore, may take this long. */
export const R2_WORK_MS = 100_000;
/**
 * A pass without a reported end is made again after this. A lock of an image, and the hold for the list of blocks, last
 * as long.
 */
export const PASS_MS = 120_000;
