import { type Bucket, getDoc, type Sql } from "@prewarm/durable-queue";
import { RecentlyStored } from "./recently-stored.ts";

/** The memory of this instance about images. An eviction loses all but `shed`, without harm. */
export class ImageMemory {
  readonly stored = new RecentlyStored();
  /** When the ledger began to ask R2 for blocks (asking-for-blocks.ts). Undefined: not read yet. */
  askedForBlocksAt: number | null | undefined = undefined;
  /** Tokens for existence checks of unknown ids. */
  readonly checks: { held: Bucket | null } = { held: null };
  /** Tokens for misses without effect. When none is left, edges shed. */
  readonly rejected: { held: Bucket | null } = { held: null };
  /** Edges shed misses until then, Unix ms. `times`: in a row. It is written through to the document `shed`. */
  readonly shed: { until: number; times: number };

  constructor(sql: Sql) {
    this.shed = JSON.parse(getDoc(sql, "shed") ?? '{"until":0,"times":0}');
  }
}
