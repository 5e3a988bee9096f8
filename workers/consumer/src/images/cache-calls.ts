import { type Bucket, take } from "@prewarm/durable-queue/admission/bucket";
import { backoff } from "@prewarm/shared/backoff";
import { type CachePurge, imageTag, SIGNED_TAG } from "@prewarm/shared/edge-cache";
import { CACHE_CALLS, CACHE_FILL_MS } from "@prewarm/shared/limits";
import { CachePurgeMemory, edgeCacheFailed, forgetWaiting, isEdgeCacheOn, waitingOf } from "./cache-purges.ts";
import type { ImageTx } from "./image-tx.ts";
import { noteEdge } from "./removal-record.ts";
import {
  cachePurgeAge,
  type DuePurge,
  dueBuckets,
  duePurges,
  EVERYTHING,
  NO_BUCKET,
  purgesRefused,
  purgesTaken,
  type Rank,
  REPLACED,
  takePurges,
  type Waiting,
  type Which,
} from "./tables/cache-purges.ts";
import { type EdgeCacheState, readEdgeCache, writeEdgeCache } from "./tables/edge-cache-state.ts";

/*
 * The calls by which the edge purges its copies: which is next, when it may be made, and what came of it (decision 102). The platform counts
 * calls, so each takes as many purges as it can.
 */

/** Tokens that are left for what is more urgent, by rank: a run that replaces images leaves some for purges, and these for removals. */
const LEFT = [0, 2, 6] as const satisfies Record<Rank, number>;
const PER_SECOND = CACHE_CALLS.perMinute / 60;
/** More purges than this go by buckets of images: 11 calls for all of them, in place of 26 and more. */
const BY_BUCKET_FROM = CACHE_CALLS.burst * CACHE_CALLS.tags;
/** A call of fewer tags waits so long after the one before, in ms, to gather more. */
const GATHER_MS = 1_000;
/** The edge that took a call has died if it says nothing for so long, ms. */
const LEASE_MS = 30_000;
/** What has waited for so long, in ms, with more than one call can take, is emptied with everything. */
const LAST_RESORT_MS = 600_000;
/** Pauses, in ms, while the edge is told of a call and takes none. */
const TELL = { first: 2_000, longest: 60_000 };

/** When the next call may be made, Unix ms. Null: nothing waits. */
function nextCallAt(tx: ImageTx): number | null {
  if (!isEdgeCacheOn(tx)) return null;
  const waiting = waitingOf(tx);
  if (waiting.size === 0) return null;
  const state = readEdgeCache(tx.sql);
  const ready = [...waiting.values()].reduce((sum, one) => sum + one.ready, 0);
  const earliest = Math.max(state.pausedUntil, gatheredAt(state, ready));
  const ofRank = ([rank, { at }]: [Rank, Waiting]) => Math.max(at, earliest, tokenAt(state.tokens, LEFT[rank], tx.now));
  return Math.min(...[...waiting].map(ofRank));
}

function gatheredAt({ last }: EdgeCacheState, ready: number): number {
  return last === null || ready >= CACHE_CALLS.tags ? 0 : last.at + GATHER_MS;
}

/** When the bucket has a token beside those to leave, Unix ms. */
function tokenAt(tokens: Bucket | null, leave: number, now: number): number {
  if (tokens === null) return now;
  const missing = 1 + leave - tokens.level;
  return missing <= 0 ? now : Math.ceil(tokens.at + (missing / PER_SECOND) * 1000) + 1;
}

/** When the edge is to be told that a call is due, Unix ms. Null: nothing waits. */
export function tellEdgeAt(tx: ImageTx): number | null {
  const at = nextCallAt(tx);
  const { told } = tx.memory.of(CachePurgeMemory);
  return at === null || told.times === 0 ? at : Math.max(at, told.at + backoff(told.times, TELL));
}

/** Notes that the edge is told now. */
export function edgeTold(tx: ImageTx): void {
  const { told } = tx.memory.of(CachePurgeMemory);
  // Its answers were good, so this is the only trace.
  if (told.times === 3 && readEdgeCache(tx.sql).failed === 0)
    edgeCacheFailed(tx, "The edge was told of a call and has taken none.");
  Object.assign(told, { at: tx.now, times: told.times + 1 });
}

/** `taker`: a random name; a repeat by it gets the same call. Null: nothing is due, or the platform's limit allows no call now. */
export function takeCachePurge(tx: ImageTx, taker: string): CachePurge | null {
  if (!isEdgeCacheOn(tx) || waitingOf(tx).size === 0) return null;
  const state = readEdgeCache(tx.sql);
  if (state.last?.taker === taker) return state.last.call;
  const due = duePurges(tx.sql, tx.now, CACHE_CALLS.tags);
  const [first] = due;
  if (first === undefined || state.pausedUntil > tx.now || gatheredAt(state, due.length) > tx.now) return null;
  const tokens = { held: state.tokens };
  if (take(tokens, { most: CACHE_CALLS.burst, perSecond: PER_SECOND, leave: LEFT[first.rank] }, tx.now) === null)
    return null;
  const number = tx.next();
  forgetWaiting(tx);
  const { kind, tags, which } = callOf(tx, due, state);
  takePurges(tx.sql, which, { number, now: tx.now, until: tx.now + LEASE_MS });
  const call: CachePurge = { number, kind, tags };
  writeEdgeCache(tx.sql, { ...state, tokens: tokens.held, last: { taker, at: tx.now, call } });
  forgetWaiting(tx);
  tx.memory.of(CachePurgeMemory).told.times = 0;
  return call;
}

/** The call that does the most for what is due. `due`: the first purges. */
function callOf(
  tx: ImageTx,
  due: readonly DuePurge[],
  { last }: EdgeCacheState,
): Pick<CachePurge, "kind" | "tags"> & { which: Which } {
  const ready = [...waitingOf(tx).values()].reduce((sum, one) => sum + one.ready, 0);
  const { since } = cachePurgeAge(tx.sql, tx.now);
  const isLate = ready > CACHE_CALLS.tags && since !== null && since <= tx.now - LAST_RESORT_MS;
  if (isLate || due.some(({ what }) => what === EVERYTHING))
    return { kind: kindOf(due), tags: "everything", which: "all" };
  // Buckets that were begun go on: the last of them would take as many calls as all of them.
  const isBegun = last !== null && last.at > tx.now - CACHE_FILL_MS && last.call.tags[0]?.startsWith("b-");
  if (ready <= (isBegun ? CACHE_CALLS.tags : BY_BUCKET_FROM))
    return {
      kind: kindOf(due),
      tags: [...new Set(due.map(({ what, bucket }) => (bucket === NO_BUCKET ? SIGNED_TAG : imageTag(what))))],
      which: { whats: due.map(({ what }) => what) },
    };
  const buckets = dueBuckets(tx.sql, tx.now, CACHE_CALLS.tags);
  const tags = buckets.map(({ bucket }) => (bucket === NO_BUCKET ? SIGNED_TAG : `b-${bucket}`));
  return { kind: kindOf(buckets), tags, which: { buckets: buckets.map(({ bucket }) => bucket) } };
}

/** A call has one kind. `purge` does for replaced objects too, so one purge among them makes it a purge. */
function kindOf(due: readonly Pick<DuePurge, "rank">[]): CachePurge["kind"] {
  return due.every(({ rank }) => rank === REPLACED) ? "invalidate" : "purge";
}

/** Notes what came of a call; `error` null: the cache has taken it. A repeat, and the report of a call that was taken again, change nothing. */
export function noteCachePurge(tx: ImageTx, number: number, error: string | null): void {
  forgetWaiting(tx);
  if (error !== null) {
    if (purgesRefused(tx.sql, number, tx.now)) edgeCacheFailed(tx, error);
    return;
  }
  const heard = purgesTaken(tx.sql, number, CACHE_FILL_MS);
  if (heard === null) return;
  const state = readEdgeCache(tx.sql);
  const emptied = heard.ended.includes(EVERYTHING) ? { taken: heard.taken, at: tx.now } : state.emptied;
  writeEdgeCache(tx.sql, { ...state, failed: 0, pausedUntil: 0, error: null, acceptedAt: tx.now, emptied });
  noteEnded(tx, heard.ended, tx.now);
}

/** Notes in purged and removed images when the cache had taken the last call for them. */
function noteEnded(tx: ImageTx, ids: readonly string[], at: number): void {
  const images = ids.filter((id) => !id.startsWith("/"));
  tx.images.load(images);
  for (const id of images) {
    const image = tx.images.get(id);
    if (image.purgeDeleted !== null) image.purgeEdge ??= at;
    if (image.removed) noteEdge(tx, id, at);
  }
}
