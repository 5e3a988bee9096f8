import { BUSY_MS, PLATFORM_MS, type QueueHost, type Transactions } from "@prewarm/durable-queue";
import { errorText } from "@prewarm/shared/log";
import { changesPut, nextChanges } from "../images/changes.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { lastUntold } from "../images/tables/changes.ts";
import type { LedgerDeps } from "./ledger-deps.ts";

/** Puts that fail in a row. Then the alarm tries again. */
const TRIES = 5;
/** How long a caller waits until the edges can know of its change. */
const TOLD_WITHIN_MS = 10_000;

/** What the teller needs of the ledger. */
interface Parts {
  transactions: Transactions<ImageTx>;
  deps: LedgerDeps;
  host: Pick<QueueHost, "waitUntil">;
}

/** Puts the changes object, one put at a time. A change that comes while R2 takes a put is in the next one. */
export class Teller {
  readonly #parts: Parts;
  #isTelling = false;
  /** After too many failures, Unix ms. */
  #restsUntil = 0;
  /** Callers that wait, each for the number of its change. */
  #waiting: { seq: number; told: () => void }[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Begins to put if the edges do not know all, and awaits nothing. After an eviction the alarm begins it. */
  begin(): void {
    const { deps, host } = this.#parts;
    if (this.#isTelling || deps.clock.now() < this.#restsUntil || this.#untold() === null) return;
    this.#isTelling = true;
    host.waitUntil(this.#tell());
  }

  /** When the alarm should fire for it, Unix ms. Null: the edges know all. */
  nextAt({ sql, now }: ImageTx): number | null {
    if (lastUntold(sql) === null) return null;
    return Math.max(this.#restsUntil, this.#isTelling ? now + BUSY_MS : now);
  }

  /** Resolves when the edges can know of every change so far. Throws when R2 does not take the object in time. */
  async told(): Promise<void> {
    const seq = this.#untold();
    if (seq === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ seq, told: resolve });
    this.begin();
    await this.#parts.deps.within(promise, TOLD_WITHIN_MS);
  }

  #untold(): number | null {
    return this.#parts.transactions.read(({ sql }) => lastUntold(sql));
  }

  /** One put after the other, until the edges know all. */
  async #tell(): Promise<void> {
    const { deps } = this.#parts;
    for (let failed = 0; failed < TRIES && this.#untold() !== null; ) {
      try {
        await this.#put();
        failed = 0;
      } catch (error) {
        failed += 1;
        if (failed === TRIES) this.#restsUntil = deps.clock.now() + BUSY_MS;
        deps.log("queue.duty_failed", { duty: "changes", error: errorText(error) });
      }
    }
    this.#isTelling = false;
  }

  async #put(): Promise<void> {
    const { transactions, deps } = this.#parts;
    let put = 0;
    const next = (): string | null => {
      const changes = transactions.write(nextChanges);
      put = changes?.seq ?? 0;
      return changes?.text ?? null;
    };
    await deps.within(deps.putChanges(next), PLATFORM_MS);
    if (put === 0) return;
    transactions.write((tx) => changesPut(tx, put));
    const isTold = ({ seq }: { seq: number }) => seq <= put;
    for (const { told } of this.#waiting.filter(isTold)) told();
    this.#waiting = this.#waiting.filter((one) => !isTold(one));
  }
}
