import type { Event } from "@prewarm/control-schema/stats";
import type { Config } from "@prewarm/shared/config";
import type { Lane } from "@prewarm/shared/job";
import type { AbandonedJobs } from "./abandoned.ts";
import { newestCancel } from "./actions.ts";
import { type AttemptRow, insertAttempts } from "./attempts.ts";
import {
  addCount,
  type Count,
  type Folded,
  listCounts,
  mergeCounts,
  readFolded,
  type Used,
  usedIn,
} from "./counters.ts";
import type { Fresh } from "./fresh.ts";
import type { GateDoc } from "./gate-doc.ts";
import type { GateState } from "./gate-state.ts";
import type { Hand, Hands } from "./hands.ts";
import { observe } from "./histogram.ts";
import { emptySlice, type Slice, TIERS_MS, timesOfLane } from "./history.ts";
import { Images } from "./images.ts";
import type { Meta } from "./meta.ts";
import type { Numbers } from "./numbers.ts";
import type { Stored } from "./recent.ts";
import { countedAs, type LaneCode, laneName, newRow, type Row, STORED, type StateCode } from "./row.ts";
import { type Change, Rows } from "./rows.ts";
import { Runs } from "./runs.ts";
import type { Sql } from "./sql.ts";
import { emptySums, foldSums, isEmptySums, mergeSums, moveOf, type Sums } from "./sums.ts";

/**
 * Stored jobs in one document until its sums are folded: 300 kB at most, because a value of 2 MB is refused. A worker
 * lives for up to 15 minutes and may store more than 10,000 jobs.
 */
const FOLD_AT = 500;

/** The memory beside the tables. The transactions that change it write it through. */
export interface Kept {
  meta: Meta;
  numbers: Numbers;
  gateDoc: GateDoc;
  hands: Hands;
  abandoned: AbandonedJobs;
  fresh: Fresh;
}

/** The context of every decision of the ledger beside its tables. */
export interface TxContext {
  config: Config;
  /** Unix ms. */
  now: number;
  random: () => number;
  kept: Kept;
}

/**
 * The unit of work of one RPC. Rows are loaded once, changed in memory by plain functions, and written back together.
 * So counts, runs, history and gate cost at most one row per RPC, and none with a handler's document. Everything runs
 * in one transaction.
 */
export class Tx {
  readonly sql: Sql;
  readonly config: Config;
  readonly now: number;
  readonly random: () => number;
  readonly kept: Kept;
  readonly rows: Rows;
  readonly images: Images;
  readonly runs: Runs;
  readonly ledgerId: string;
  /** The handler whose document keeps the sums of this transaction. Null: they are folded at once. */
  hand: Hand | null = null;
  readonly #sums: Sums = emptySums();
  readonly #attempts: AttemptRow[] = [];
  #counts: Count[] | null = null;
  #foldedBefore: Folded | null = null;
  #used: Used | null = null;
  /** By period, without this transaction. */
  readonly #usedBefore = new Map<string, Record<Lane, number>>();
  #isGateAsked = false;
  #newestCancel: number | null = null;

  constructor(sql: Sql, { config, now, random, kept }: TxContext) {
    this.sql = sql;
    this.config = config;
    this.now = now;
    this.random = random;
    this.kept = kept;
    this.ledgerId = kept.meta.ledgerId;
    this.rows = new Rows(sql, this.ledgerId);
    this.images = new Images(sql, now);
    this.runs = new Runs(sql, now);
  }

  /** The next number; gens, floors and purges share one sequence and none is used twice. */
  next(): number {
    return this.kept.numbers.next(this.sql, this.now);
  }

  /** The gate's document; changes to it are saved at commit. */
  get gate(): GateState {
    this.#isGateAsked = true;
    return this.kept.gateDoc.state;
  }

  /** The folded sums at the first read of this transaction. */
  get #folded(): Folded {
    this.#foldedBefore ??= readFolded(this.sql);
    return this.#foldedBefore;
  }

  /** Jobs by counted state and lane at the beginning of this transaction, folded or not. */
  get counts(): Count[] {
    if (this.#counts === null) {
      const counts = { ...this.#folded.jobs };
      for (const { sums } of this.kept.hands.list()) mergeCounts(counts, sums.counts);
      this.#counts = listCounts(counts);
    }
    return this.#counts;
  }

  /** Jobs granted in a month (UTC, `2026-11`) or on a day (`2026-11-25`), by lane, with this transaction. */
  used(period: string): Record<Lane, number> {
    if (this.#used === null) {
      this.#used = { ...this.#folded.used };
      for (const { sums } of this.kept.hands.list()) mergeCounts(this.#used, sums.used);
    }
    const before = this.#usedBefore.get(period) ?? usedIn(this.#used, period);
    this.#usedBefore.set(period, before);
    const own = usedIn(this.#sums.used, period);
    return { live: before.live + own.live, upload: before.upload + own.upload, bulk: before.bulk + own.bulk };
  }

  /** Counts `n` grants of a day and lane. Negative: the grants made no job. */
  addUsed(lane: Lane, day: string, n: number): void {
    const place = `${day} ${lane}`;
    this.#sums.used[place] = (this.#sums.used[place] ?? 0) + n;
  }

  /** Adds a row. Load its key before. */
  insert(key: string, lane: LaneCode): Row {
    return this.rows.add(key, (place) => newRow(place, this.next(), lane, this.afterCancels(this.now)));
  }

  /**
   * A creation time (Unix ms) after the newest running cancel. A cancel with a rate lasts, and the clock may go back
   * meanwhile. The cancel must not take jobs that were ordered after it was made.
   */
  afterCancels(at: number): number {
    this.#newestCancel ??= newestCancel(this.sql);
    return Math.max(at, this.#newestCancel + 1);
  }

  addAttempt(attempt: AttemptRow): void {
    this.#attempts.push(attempt);
  }

  count(event: Event, n = 1): void {
    if (n !== 0) this.#slice()[event] += n;
  }

  time(kind: "wait" | "run" | "ready", ms: number): void {
    observe(this.#slice()[kind], Math.max(0, ms));
  }

  /** Samples the number of open jobs and the age of the oldest waiting job (ms). */
  sample(open: number, oldest: number | null): void {
    Object.assign(this.#slice(), { open, oldest });
  }

  /** Corrects a count. */
  addCount(state: StateCode, lane: LaneCode, n: number): void {
    addCount(this.#sums.counts, state, lane, n);
  }

  /** Counts a member that joins a run (`from` null) or leaves it. */
  shift(run: number, from: number | null, to: number): void {
    if (run === 0) return;
    const { states } = moveOf(this.#sums, run);
    if (from !== null) states[from] = (states[from] ?? 0) - 1;
    states[to] = (states[to] ?? 0) + 1;
  }

  /** Notes a stored job, for its runs and for views. */
  stored(stored: Stored, runs: readonly number[], existing: boolean): void {
    this.#sums.recent.push(stored);
    const ms = Math.max(0, this.now - stored.created);
    observe(timesOfLane(this.#slice(), laneName(stored.lane)), ms);
    for (const n of runs) {
      if (n === 0) continue;
      const move = moveOf(this.#sums, n);
      observe(move.ready, ms);
      if (existing) move.existing += 1;
    }
  }

  commit(): void {
    for (const change of this.rows.changes()) this.#move(change);
    for (const id of this.rows.leavingFresh()) this.kept.fresh.leave(this.sql, id);
    this.rows.flush(this.now);
    insertAttempts(this.sql, this.#attempts);
    this.images.flush();
    this.#settleSums();
    this.runs.flush();
    this.kept.hands.flush(this.sql);
    if (this.#isGateAsked) this.kept.gateDoc.flush(this.sql);
  }

  /**
   * Writes the sums of this transaction and of finished documents into the owner's document, or into the tables if
   * there is no owner. So the sums of a viewer's handler are folded with the worker that finishes its work.
   */
  #settleSums(): void {
    const { hands } = this.kept;
    for (const hand of hands.spent()) {
      mergeSums(this.#sums, hand.sums);
      hand.sums = emptySums();
      hands.drop(hand);
    }
    if (isEmptySums(this.#sums)) return;
    const { hand } = this;
    if (hand === null || hand.over) {
      foldSums(this.sql, this.runs, this.#sums);
      return;
    }
    mergeSums(hand.sums, this.#sums);
    if (hand.sums.recent.length >= FOLD_AT) {
      foldSums(this.sql, this.runs, hand.sums);
      hand.sums = emptySums();
    }
    hands.touch(hand);
  }

  #move({ before, after, row, as }: Change): void {
    const to = after === null ? as : countedAs(after);
    // Of deleted rows only stored ones stay in the counts.
    const counted = after === null && to !== STORED ? null : to;
    if (before?.state !== counted || before?.lane !== row.lane) {
      if (before !== null) addCount(this.#sums.counts, before.state, before.lane, -1);
      if (counted !== null) addCount(this.#sums.counts, counted, row.lane, 1);
    }
    this.#moveRuns(before, row, to);
  }

  /**
   * A row that moves to another run stays counted in the old run with its last state. A forgotten row stays counted
   * with its ended state.
   */
  #moveRuns(before: Change["before"], row: Row, to: number | null): void {
    if (before === null || before.run !== row.run) {
      if (to !== null) this.shift(row.run, null, to);
      return;
    }
    if (to === null || before.state === to) return;
    for (const run of this.runs.askersOf(row)) this.shift(run, before.state, to);
  }

  #slice(): Slice {
    const at = this.now - (this.now % TIERS_MS.minute);
    this.#sums.minutes[at] ??= emptySlice();
    return this.#sums.minutes[at];
  }
}
