import { audit } from "@prewarm/durable-queue/schema/audit";
import { backoff } from "@prewarm/shared/backoff";
import { bucketOf } from "@prewarm/shared/edge-cache";
import { CACHE_FILL_MS } from "@prewarm/shared/limits";
import type { ImageTx } from "./image-tx.ts";
import {
  deleteCachePurges,
  EVERYTHING,
  NO_BUCKET,
  PURGED,
  putCachePurge,
  type Rank,
  REMOVED,
  REPLACED,
  SIGNED,
  type Waiting,
  waitingPurges,
} from "./tables/cache-purges.ts";
import { readEdgeCache, writeEdgeCache } from "./tables/edge-cache-state.ts";

/*
 * What makes a purge of the edge's copies due, where `edgeCache` is "workers" (decision 102). An old object goes from R2 first: a call before
 * that would be followed by copies of the same bytes.
 */

/** Above this everything is emptied by one call instead. Chosen: a row has 100 bytes, and each new purge may read all of them once. */
export const ROWS_MAX = 20_000;

/** What this instance remembers of them. An eviction loses it: then the table is read again, and the edge is told once more. */
export class CachePurgeMemory {
  /** What waits, by rank. Null: to be read again. Between two reads `n` may be too high. */
  waiting: Map<Rank, Waiting> | null = null;
  /** When the edge was last told that a call is due, Unix ms, and how often since it has taken one. */
  told = { at: 0, times: 0 };
}

export function isEdgeCacheOn({ config }: ImageTx): boolean {
  return config.edgeCache === "workers";
}

/** Old objects of an image (`id`: encoded) have gone from R2, or have others in their place. */
export function outdateCopies(tx: ImageTx, id: string, rank: Rank): void {
  makeDue(tx, { what: id, bucket: bucketOf(id), rank }, tx.now);
}

/** A caller is about to delete objects of an image, and has died if it says nothing by `until`, Unix ms. */
export function copiesGo(tx: ImageTx, id: string, until: number): void {
  makeDue(tx, { what: id, bucket: bucketOf(id), rank: PURGED }, until);
}

/** A purge's pass over an image (`id`: encoded) has ended, so none of its older objects is left. */
export function objectsSwept(tx: ImageTx, id: string): void {
  outdateCopies(tx, id, tx.images.get(id).removed ? REMOVED : PURGED);
}

/**
 * A variant was stored. `floor`: the generation below which no object of it counts. Below a purge there is none, so only a later new original,
 * focal point or forced job can have replaced an object.
 */
export function variantStored(tx: ImageTx, id: string, floor: number): void {
  if (floor > tx.images.get(id).purged) outdateCopies(tx, id, REPLACED);
}

/** An operator ends the edge's copies. It does not wait behind images. False: they do not lie in the Workers Cache. */
export function purgeEdge(tx: ImageTx, of: "everything" | "signed", who: string): boolean {
  if (!isEdgeCacheOn(tx)) return false;
  makeDue(tx, { what: of === "signed" ? SIGNED : EVERYTHING, bucket: NO_BUCKET, rank: REMOVED }, tx.now);
  audit(tx, who, "edge.purge", null, { of });
  return true;
}

function outdateEverything(tx: ImageTx): void {
  makeDue(tx, { what: EVERYTHING, bucket: NO_BUCKET, rank: REMOVED }, tx.now);
}

function makeDue(tx: ImageTx, one: { what: string; bucket: number; rank: Rank }, at: number): void {
  if (!isEdgeCacheOn(tx)) return;
  const waiting = waitingOf(tx);
  putCachePurge(tx.sql, one, { at, from: at });
  const before = waiting.get(one.rank) ?? { n: 0, ready: 0, at };
  const isReady = at <= tx.now ? 1 : 0;
  waiting.set(one.rank, { n: before.n + 1, ready: before.ready + isReady, at: Math.min(before.at, at) });
  if (totalOf(waiting) > ROWS_MAX) collapse(tx);
}

/** Too many rows: one call that empties everything does for all of them. */
function collapse(tx: ImageTx): void {
  forgetWaiting(tx);
  if (totalOf(waitingOf(tx)) <= ROWS_MAX) return;
  deleteCachePurges(tx.sql);
  putCachePurge(tx.sql, { what: EVERYTHING, bucket: NO_BUCKET, rank: PURGED }, { at: tx.now, from: tx.now });
  forgetWaiting(tx);
}

function totalOf(waiting: ReadonlyMap<Rank, Waiting>): number {
  return [...waiting.values()].reduce((sum, { n }) => sum + n, 0);
}

export function waitingOf({ sql, now, memory }: ImageTx): Map<Rank, Waiting> {
  const known = memory.of(CachePurgeMemory);
  known.waiting ??= waitingPurges(sql, now);
  return known.waiting;
}

/** The table has changed otherwise than by a new purge. */
export function forgetWaiting({ memory }: ImageTx): void {
  memory.of(CachePurgeMemory).waiting = null;
}

/** Notes a change of the setting. What was copied before it was off may be there still, and no purge has reached it since. */
export function noteEdgeCacheSetting(tx: ImageTx): void {
  const state = readEdgeCache(tx.sql);
  const isOn = isEdgeCacheOn(tx);
  if (state.isOn === isOn) return;
  writeEdgeCache(tx.sql, { ...state, isOn });
  deleteCachePurges(tx.sql);
  forgetWaiting(tx);
  if (isOn) outdateEverything(tx);
}

/** After a restore any image may have changed since the copy, and the platform may have counted calls that the copy lacks. */
export function edgeCacheRestored(tx: ImageTx): void {
  if (!isEdgeCacheOn(tx)) return;
  writeEdgeCache(tx.sql, { ...readEdgeCache(tx.sql), tokens: { level: 1, at: tx.now }, failed: 0, pausedUntil: 0 });
  outdateEverything(tx);
}

/**
 * When the cache had taken the last call of a purge of everything, Unix ms, if old objects had gone at `deletedAt`. Null: there was none since.
 * Where many images wait, it ends their copies too, and their rows are not kept (`ROWS_MAX`).
 */
export function emptiedSince({ sql }: ImageTx, deletedAt: number): number | null {
  const { emptied } = readEdgeCache(sql);
  return emptied !== null && emptied.taken >= deletedAt + CACHE_FILL_MS ? emptied.at : null;
}

/* ── Failures ── */

const PAUSE = { first: 1_000, longest: 60_000 };

/** A call failed, or the edge could not be told of one. The next one comes after a growing pause. */
export function edgeCacheFailed(tx: ImageTx, text: string): void {
  const state = readEdgeCache(tx.sql);
  const failed = state.failed + 1;
  const error = { text: text.slice(0, 300), at: tx.now };
  writeEdgeCache(tx.sql, { ...state, failed, pausedUntil: tx.now + backoff(failed, PAUSE), error });
}
