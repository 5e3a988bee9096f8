import { type Bucket, getDoc, type JobKey, type Sql } from "@prewarm/durable-queue";
import { keyOfJob } from "@prewarm/shared/variant-key";

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

/** Maximum of remembered keys. The oldest are forgotten first. */
const MAX_KEYS = 20_000;

/** When recent keys were stored. An earlier miss of such a key orders nothing. */
class RecentlyStored {
  /** By the text of the key. */
  readonly #at = new Map<string, number>();

  note(key: JobKey, at: number): void {
    const name = keyOfJob(key);
    this.#at.delete(name);
    this.#at.set(name, at);
    if (this.#at.size <= MAX_KEYS) return;
    const [oldest] = this.#at.keys();
    if (oldest !== undefined) this.#at.delete(oldest);
  }

  /** Unix ms, or null when it is not known. */
  at(key: JobKey): number | null {
    return this.#at.get(keyOfJob(key)) ?? null;
  }

  forget(key: JobKey): void {
    this.#at.delete(keyOfJob(key));
  }
}
