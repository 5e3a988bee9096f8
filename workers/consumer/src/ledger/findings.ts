import type { Finding, FindingCode } from "./contract.ts";

/** What each is, and its remedy. */
const MESSAGES: Record<FindingCode, string> = {
  row_without_object: "Stored in the ledger, and R2 holds no object that counts: made again in the bulk lane.",
  object_below_floor:
    "Objects that a purge or a new original made invalid and that no open job will overwrite: deleted.",
  marker_stale: "Markers under dead/ of variants that exist: deleted.",
  owner_unknown: "Jobs owned by a claim that is not there: given back.",
  claim_expired: "Claims that ended more than five minutes ago: their jobs are given back.",
  slot_leaked: "Slots of abandoned jobs that should be free: freed.",
  counters_differ: "Counts by state and lane that are not what the rows say: counted anew.",
};
const EXAMPLES_MAX = 5;

/** Findings as they add up, one of each code. */
export class Findings {
  readonly #byCode = new Map<FindingCode, Finding>();
  readonly #fixed: boolean;

  constructor(fixed: boolean) {
    this.#fixed = fixed;
  }

  add(code: FindingCode, count = 1, examples: readonly string[] = []): void {
    if (count === 0) return;
    this.merge({ code, count, message: MESSAGES[code], fixed: this.#fixed, examples: [...examples] });
  }

  merge({ code, count, fixed, examples, message }: Finding): void {
    const known = this.#byCode.get(code) ?? { code, count: 0, message, fixed: true, examples: [] };
    known.count += count;
    known.fixed &&= fixed;
    known.examples = [...known.examples, ...examples].slice(0, EXAMPLES_MAX);
    this.#byCode.set(code, known);
  }

  list(): Finding[] {
    return [...this.#byCode.values()];
  }
}
