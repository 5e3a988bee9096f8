import type { CrashPoint } from "../../src/making/crash-points.ts";

/** What is to go wrong next; each entry strikes once, at the next thing it fits. */
export interface Faults {
  /** The next handler that passes this point dies there. */
  crash: CrashPoint[];
  /** The next handler that passes this point does nothing for so long, then goes on. */
  stall: { point: CrashPoint; ms: number }[];
  /** Ledger calls that do not arrive, and answers that do not. */
  lostCalls: number;
  lostAnswers: number;
  /** Submissions refused. */
  throttled: { retryAfterMs: number | null }[];
  account: number;
  rejected: number;
  /** Submissions that make a job and give no answer. */
  unanswered: number;
  /** Looks that give no answer. */
  blind: number;
  /** How the next new jobs go. */
  jobs: { ms: number; ends: "done" | "failed" | "cancelled" }[];
  /** What the next results' URLs answer instead. */
  outputs: ("html" | "truncated" | "gone" | "error")[];
  /** R2 calls that fail. */
  store: number;
  /** Puts that land so much later. */
  latePuts: number[];
  /** Queue messages that are late, and those that come twice. */
  lateMessages: number[];
  doubled: number;
}

export function noFaults(): Faults {
  return {
    crash: [],
    stall: [],
    lostCalls: 0,
    lostAnswers: 0,
    throttled: [],
    account: 0,
    rejected: 0,
    unanswered: 0,
    blind: 0,
    jobs: [],
    outputs: [],
    store: 0,
    latePuts: [],
    lateMessages: [],
    doubled: 0,
  };
}

type Counted = { [K in keyof Faults]: Faults[K] extends number ? K : never }[keyof Faults];

/** Takes one of a counted fault; false when there is none. */
export function strike(faults: Faults, name: Counted): boolean {
  if (faults[name] <= 0) return false;
  faults[name] -= 1;
  return true;
}
