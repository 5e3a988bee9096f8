import { type GateState, gateFrom, newGate } from "../tables/gate-state.ts";
import { getDoc, putDoc } from "../tables/meta.ts";
import type { Budget, LimitName, QueueConfig } from "../tables/queue-config.ts";
import type { Sql } from "../tables/sql.ts";

/** The input of every decision about a POST. */
export interface Gate {
  state: GateState;
  memory: GateMemory;
  use: UseBook;
  config: QueueConfig;
  /** Null: unlimited. */
  budget: Budget | null;
  /** The name of the service that makes the jobs, as sentences have it. */
  service: string;
  /** Unix ms. */
  now: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** Granted jobs by day (UTC) and lane. */
export interface UseBook {
  /** Of a month (`2026-11`) or a day (`2026-11-25`), by the names of the lanes that have any. */
  of(period: string): Record<string, number>;
  add(lane: string, day: string, n: number): void;
}

/** The memory of the gate beside its document. An eviction loses it; each part of it fails safely. */
export interface GateMemory {
  /** Tokens in the bucket at a time (Unix ms). Negative: tokens were given ahead. */
  tokens: { level: number; at: number };
  /** Answers of the current minute, for the ratio of errors. */
  answers: { since: number; good: number; bad: number };
  /** How long the last jobs took. */
  jobTimes: JobTimes;
  /**
   * Since when the results of these generations cannot be fetched (Unix ms), and the first answer of their host. The
   * first stored result and the closing of the breaker empty the map.
   */
  unfetched: Map<number, { since: number; message: string }>;
  /** Origins that have answered for no input since the first of their failures: its time (Unix ms), and the groups. */
  failing: Map<string, { since: number; groups: Set<string> }>;
  auto: AutoMemory;
}

/** What the automatic gate remembers beside the limits. Times are Unix ms. */
export interface AutoMemory {
  /** When a limit last held a job back. 0: never. */
  limitedAt: Record<LimitName, number>;
  /** Raises since the last 429. Null: this instance has moved the limit neither up nor down. */
  raises: Record<LimitName, number | null>;
  /** When a limit last moved, and how many POSTs the service has accepted since. */
  movedAt: number;
  accepted: number;
  /** When a 429 last counted. 0: never. */
  refusedAt: number;
}

export function newGateMemory(now: number): GateMemory {
  return {
    tokens: { level: 0, at: now },
    answers: { since: now, good: 0, bad: 0 },
    jobTimes: new JobTimes(),
    unfetched: new Map(),
    failing: new Map(),
    auto: {
      limitedAt: { concurrency: 0, ratePerSecond: 0 },
      raises: { concurrency: null, ratePerSecond: null },
      movedAt: now,
      accepted: 0,
      refusedAt: 0,
    },
  };
}

/**
 * The window of job times: every job of the last `ms`, at least `least` jobs, at most `most`. A page of the service's list
 * shows many ends at one time, so a window of `least` jobs could contain the longest jobs only.
 */
const KEPT = { least: 100, ms: 10_000, most: 2_000 };
/** Before the first observation job times count as uniform between 0 and this, in ms. */
const UNKNOWN_MOST_MS = 2_000;

/**
 * How long the last jobs took, in ms. The times are exact: the first look at a job must be at that time, not at the
 * bound of a bucket.
 */
export class JobTimes {
  readonly #last: { ms: number; seenAt: number }[] = [];
  #sorted: number[] | null = null;

  note(ms: number, now: number): void {
    this.#last.push({ ms, seenAt: now });
    while (this.#isTooMany(now)) this.#last.shift();
    this.#sorted = null;
  }

  /** The time in ms within which the share `q` (0–1) of the jobs ended. */
  quantile(q: number): number {
    this.#sorted ??= this.#last.map(({ ms }) => ms).sort((a, b) => a - b);
    const at = Math.min(this.#sorted.length - 1, Math.floor(q * this.#sorted.length));
    return this.#sorted[at] ?? q * UNKNOWN_MOST_MS;
  }

  /** For how long ends have been observed, of those that are kept, ms. */
  knownForMs(now: number): number {
    return now - (this.#last[0]?.seenAt ?? now);
  }

  #isTooMany(now: number): boolean {
    const oldest = this.#last[0]?.seenAt ?? now;
    return this.#last.length > KEPT.most || (this.#last.length > KEPT.least && oldest < now - KEPT.ms);
  }
}

/** Learns one job's time. */
export function learnJobMs({ memory, now }: Gate, ms: number): void {
  memory.jobTimes.note(ms, now);
}

/**
 * The shortest jobs end first. So their usual time is not known yet when the first of them ended a moment ago.
 */
const KNOWN_AFTER_MS = 5_000;
/** What the usual job time counts as at least, until it is known. Chosen. */
const TYPICAL_MS = 2_000;

/** The usual job time in ms, for plans that cost something when it is too short. */
export function usualMs({ memory, now }: Gate): number {
  const learned = memory.jobTimes.quantile(0.5);
  return memory.jobTimes.knownForMs(now) < KNOWN_AFTER_MS ? Math.max(learned, TYPICAL_MS) : learned;
}

/** The learned job time in ms that the share `q` (0–1) of jobs keeps within. */
export function quantileMs({ memory }: Gate, q: number): number {
  return memory.jobTimes.quantile(q);
}

/** The document of the gate, kept in memory and written through: every decision reads it, and few change it. */
export class GateDoc {
  readonly state: GateState;
  #written: string;

  constructor(sql: Sql, now: number) {
    this.#written = getDoc(sql, "gate") ?? "";
    this.state = this.#written === "" ? newGate(now) : gateFrom(this.#written, now);
  }

  flush(sql: Sql): void {
    const body = JSON.stringify(this.state);
    if (body === this.#written) return;
    putDoc(sql, "gate", body);
    this.#written = body;
  }
}
