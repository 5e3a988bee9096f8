import type { ExchangeRequest } from "../../workers/consumer/src/ledger/calls.ts";

/** A paid result that cannot be fetched is kept for so long (docs/internals/queue.md). */
const KEPT_MS = 600_000;
/** Failures that blame the results' host; a whole picture that is the wrong one is Ittybit's. */
const HOST_FAILED = /^output_(private|expired|unreachable)$/;

/** Judges that no paid job is given up because the results' host failed for less than ten minutes. */
export class KeptResults {
  /** When the result of each generation was first said to be out of reach, Unix ms. */
  readonly #since = new Map<number, number>();
  readonly #violation: (text: string) => void;

  constructor(violation: (text: string) => void) {
    this.#violation = violation;
  }

  /** `ledgerAheadMs`: how far the ledger's clock, which says since when, is ahead of the handler's, which says until when. */
  heard(settled: ExchangeRequest["settled"], now: number, ledgerAheadMs = 0): void {
    for (const { gen, outcome } of settled) {
      if (outcome.kind === "pending" && outcome.unfetched !== undefined && !this.#since.has(gen))
        this.#since.set(gen, now + ledgerAheadMs);
      if (outcome.kind !== "failed") continue;
      const { code, message } = outcome.failure;
      const isHosts = HOST_FAILED.test(code) || (code === "output_invalid" && message.includes(" answered HTTP "));
      const kept = now - (this.#since.get(gen) ?? now);
      if (isHosts && kept < KEPT_MS)
        this.#violation(
          `doubled: the paid result of generation ${gen} was given up after ${kept} ms: ${code}, ${message}`,
        );
    }
  }
}
