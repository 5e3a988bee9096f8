import type { Bucket } from "@prewarm/durable-queue/admission/bucket";
import { getDoc, putDoc } from "@prewarm/durable-queue/schema/docs";
import type { Sql } from "@prewarm/durable-queue/schema/sql";
import type { CachePurge } from "@prewarm/shared/edge-cache";

/** The document `edge-cache`: the calls of the Workers Cache. Times are Unix ms. */
export interface EdgeCacheState {
  /** The setting `edgeCache` was `"workers"` when it was last looked at. */
  isOn: boolean;
  /** The platform's limit of calls. Null: no call was made yet. */
  tokens: Bucket | null;
  /** The last call, and who has taken it. */
  last: { taker: string; at: number; call: CachePurge } | null;
  /** Calls that failed since one succeeded, and until when no other is made. */
  failed: number;
  pausedUntil: number;
  /** What the last failure said. */
  error: { text: string; at: number } | null;
  /** When the cache last took a call. */
  acceptedAt: number | null;
  /** The last purge of everything that has ended: when its last call was made, and when the cache had taken it. */
  emptied: { taken: number; at: number } | null;
}

const NEW: EdgeCacheState = {
  ...{ isOn: false, tokens: null, last: null, failed: 0, pausedUntil: 0 },
  ...{ error: null, acceptedAt: null, emptied: null },
};

export function readEdgeCache(sql: Sql): EdgeCacheState {
  const body = getDoc(sql, "edge-cache");
  return body === null ? { ...NEW } : { ...NEW, ...(JSON.parse(body) as EdgeCacheState) };
}

export function writeEdgeCache(sql: Sql, state: EdgeCacheState): void {
  putDoc(sql, "edge-cache", JSON.stringify(state));
}
