/** Ways in which ledger and store may disagree. */
export type FindingCode =
  | "row_without_object"
  | "object_below_floor"
  | "marker_stale"
  | "owner_unknown"
  | "claim_expired"
  | "slot_leaked"
  | "counters_differ";

export interface Finding {
  code: FindingCode;
  /** How many of them. */
  count: number;
  message: string;
  /** True when they were mended, so that a second look finds them no more. */
  fixed: boolean;
  /** Some of the variant keys concerned. */
  examples: string[];
}

/** What the store holds within an interval of variant keys, above `from` and up to and including `to`. */
export interface StorePage {
  from: string;
  /** Null: up to the last key there is. */
  to: string | null;
  /** Unix ms, taken before R2 was asked: what was stored later need not be on the page. */
  at: number;
  /** `gen` is 0 for objects that we did not put. */
  objects: { key: string; gen: number }[];
  /** Keys of variants that have a marker. */
  markers: string[];
}

export interface SliceRequest {
  page: StorePage;
  /** False: nothing is changed. */
  fix: boolean;
  /** Keep the place reached for the next cron. */
  keep: boolean;
  /** For the audit log. */
  who: string;
}

export interface SliceAnswer {
  findings: Finding[];
  /** How far the interval was looked at; null: to the end. */
  to: string | null;
  /** Variant keys whose objects, and whose markers, the caller is to delete. Empty unless `fix`. */
  objects: string[];
  markers: string[];
  /** Images locked for those deletions, given back with `doctorDone`. */
  locks: { id: string; until: number }[];
}

/** What the doctor asks of the Ledger. */
export interface DoctorLedger {
  /** Where the cron's walk goes on, or null while it rests between two passes. */
  doctorFrom(): Promise<string | null>;
  /** Compares one interval, and at the end of all of them the ledger with itself. One transaction. */
  doctorSlice(request: SliceRequest): Promise<SliceAnswer>;
  /** The deletions are done: unlocks. Without this call the locks run out by themselves. */
  doctorDone(locks: SliceAnswer["locks"]): Promise<void>;
}

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
