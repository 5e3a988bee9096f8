import type { Finding } from "@prewarm/control-schema/doctor";

/** A description and the correction, by code. */
const MESSAGES: Record<Finding["code"], string> = {
  object_below_floor:
    "Objects that a purge or a new original made invalid and that no open job will overwrite: deleted.",
  note_differs:
    "Notes under info/ that list other variants than R2 has, or are missing: written again. The examples are images.",
  marker_stale: "Markers under dead/ of variants that exist: deleted.",
  lease_expired: "Leases that ended more than five minutes ago: their jobs are given back.",
  slot_leaked: "Slots of abandoned jobs that should be free: freed.",
  counters_differ: "Counts by state and lane, or of a run's members, that differ from the rows: counted again.",
};
const EXAMPLES_MAX = 5;

/** Adds findings up, one of each code. */
export class Findings {
  readonly #byCode = new Map<Finding["code"], Finding>();
  readonly #fixed: boolean;

  constructor(fixed: boolean) {
    this.#fixed = fixed;
  }

  add(code: Finding["code"], count = 1, examples: readonly string[] = []): void {
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
