import type { EdgeCache } from "@prewarm/control-schema/edge-cache";
import { isEdgeCacheOn } from "../../images/cache-purges.ts";
import { cachePurgeAge } from "../../images/tables/cache-purges.ts";
import { readEdgeCache } from "../../images/tables/edge-cache-state.ts";
import type { LedgerTx } from "../ledger-tx.ts";

/** The purges of the edge's copies as operators see them. Null: the copies lie in the Cache API of each data centre. */
export function edgeCacheView(tx: LedgerTx): EdgeCache | null {
  if (!isEdgeCacheOn(tx)) return null;
  const { n, since } = cachePurgeAge(tx.sql, tx.now);
  const { acceptedAt, error } = readEdgeCache(tx.sql);
  return { waiting: n, oldestAt: since, acceptedAt, error };
}
