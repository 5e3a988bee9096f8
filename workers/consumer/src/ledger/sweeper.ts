import { BUSY_MS, type QueueHost, type Transactions } from "@prewarm/durable-queue";
import { errorText } from "@prewarm/shared/log";
import type { ImageTx } from "../images/image-tx.ts";
import { type GoOn, type Pass, passDone, passGoesOn, takePass } from "../images/sweeps.ts";
import { dueSweeps, nextSweepAt } from "../images/tables/sweeps.ts";
import { R2_WORK_MS } from "../times.ts";
import type { LedgerDeps } from "./ledger-deps.ts";

/** Passes at once: so many that their lists and deletes share calls of R2 (store/shared-calls.ts). Chosen. */
const AT_ONCE = 60;

/** What the sweeper needs of the ledger. `change`: a transaction with its follow-up. */
interface Parts {
  transactions: Transactions<ImageTx>;
  deps: LedgerDeps;
  host: Pick<QueueHost, "waitUntil">;
  change(work: (tx: ImageTx) => void): void;
}

/** Makes the passes of sweeps, several at once and beside all other work. After an eviction the alarm begins it. */
export class Sweeper {
  readonly #parts: Parts;
  /** Passes that are being made. */
  #making = 0;
  #restsUntil = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Begins the passes that are due, as many as may be made at once, and awaits none. Their ends begin the others. */
  begin(): void {
    while (this.#making < AT_ONCE) {
      const pass = this.#take();
      if (pass === null) return;
      this.#making += 1;
      this.#parts.host.waitUntil(this.#makeAll(pass));
    }
  }

  /** When the alarm should fire for it, Unix ms. Null: there is no sweep. */
  nextAt({ sql, now }: ImageTx): number | null {
    const at = nextSweepAt(sql);
    if (at === null) return null;
    return Math.max(at, this.#restsUntil, this.#making < AT_ONCE ? 0 : now + BUSY_MS);
  }

  /** One pass after the other, until none is due. A pass that fails is due again later. */
  async #makeAll(first: Pass): Promise<void> {
    try {
      for (let pass: Pass | null = first; pass !== null; pass = this.#take()) await this.#make(pass);
    } catch (error) {
      const { clock, log } = this.#parts.deps;
      this.#restsUntil = clock.now() + BUSY_MS;
      log("queue.duty_failed", { duty: "sweeps", error: errorText(error) });
    } finally {
      this.#making -= 1;
    }
  }

  /** Takes a pass just before it is made, because its lock could end while it waits. Null: none may be made now. */
  #take(): Pass | null {
    const { transactions, deps } = this.#parts;
    if (deps.clock.now() < this.#restsUntil) return null;
    for (;;) {
      const [seq] = transactions.read(({ sql, now }) => dueSweeps(sql, now, 1));
      if (seq === undefined) return null;
      const pass = transactions.write((tx) => takePass(tx, seq));
      if (pass !== null) return pass;
    }
  }

  async #make(pass: Pass): Promise<void> {
    const { transactions, deps, change } = this.#parts;
    const goOn: GoOn = (found) => transactions.write((tx) => passGoesOn(tx, pass, found));
    const found = await deps.within(deps.sweep(pass, goOn), R2_WORK_MS);
    change((tx) => passDone(tx, pass, found));
  }
}
