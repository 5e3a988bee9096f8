import type { Event } from "@prewarm/control-schema/stats";
import {
  dayOf,
  getDoc,
  listAttempts,
  openJobs,
  putDoc,
  type QueueEvent,
  type QueueTx,
  quantileMs,
  type Row,
  type Run,
  type Sql,
} from "@prewarm/durable-queue";
import { keyOfJob, parseVariantKey } from "@prewarm/shared/variant-key";
import { laneName } from "../queue-settings.ts";
import { addCost, areMany, type Cost, type Costs, mergeCosts } from "./tables/costs.ts";
import { type Histogram, observeMs } from "./tables/histogram.ts";
import {
  addMinutes,
  emptySlice,
  eventsIn,
  type Minutes,
  mergeSlices,
  type Slice,
  TIERS_MS,
  type Totals,
  timesOfLane,
} from "./tables/history.ts";
import { addRecent, type Stored } from "./tables/recent.ts";
import { allClosedUntil, oldestWaiting } from "./waiting.ts";
import { minutesOfPace, type Speed, speedOf, WorkTime } from "./work-time.ts";

/** The events that are counted, by the queue's words for them. */
const COUNTED: Partial<Record<QueueEvent["kind"], Event>> = {
  accepted: "accepted",
  failed: "failed",
  dead: "dead",
  refused: "refused",
  cancelled: "cancelled",
  throttled: "throttled",
  done: "stored",
};

type Done = Extract<QueueEvent, { kind: "done" }>;

/**
 * What operators see of a transaction's events: counts, times, costs, stored jobs. They are collected in memory, and
 * written at the commit.
 */
export class Statistics {
  readonly #tx: QueueTx;
  readonly #moved: Moved = { minutes: {}, costs: {} };
  readonly #stored: Stored[] = [];

  constructor(tx: QueueTx) {
    this.#tx = tx;
  }

  get #doc(): StatisticsDoc {
    return this.#tx.memory.of(StatisticsDoc);
  }

  /** The statistics at the beginning of this transaction that are not in the rows of their days, and the totals. */
  get state(): Readonly<State> {
    return this.#doc.state;
  }

  /** For how long no job has ended, held times left out, in ms. */
  get silentMs(): number {
    return this.#doc.work.silentMs(this.#tx.now);
  }

  /** Jobs that end per second. Null: too few jobs have ended, or none for too long. */
  get speed(): Speed | null {
    return speedOf(this.state.minutes, this.silentMs);
  }

  /** Notes an event of the queue. */
  note(event: QueueEvent, row: Row | null): void {
    const counted = COUNTED[event.kind];
    if (counted !== undefined) this.count(counted);
    if (event.kind === "done") {
      if (row !== null) this.#noteDone(event, row);
      return;
    }
    if (event.kind === "admitted" && row !== null) this.#time("wait", this.#tx.now - row.created);
    if (event.kind === "wasted") this.#addCost([`mistake ${event.why}`], event.admittedAt, [1, 0, 0]);
    else if ("admittedAt" in event)
      this.#addCost(costPlaces(row), event.admittedAt, [event.kind === "refunded" ? -1 : 1, 0, 0]);
  }

  count(event: Event, n = 1): void {
    this.#slice()[event] += n;
  }

  /**
   * Samples the number of open jobs and the age of the oldest waiting job. The histogram of waits shows nothing while
   * no job moves; the sample does. With no open job it writes nothing.
   */
  sample(): void {
    const open = openJobs(this.#tx);
    if (open === 0) return;
    const waiting = Object.values(oldestWaiting(this.#tx));
    const oldest = waiting.length === 0 ? null : Math.max(0, this.#tx.now - Math.min(...waiting));
    Object.assign(this.#slice(), { open, oldest });
  }

  /** Commits the transaction of the queue (`commit`), and writes the statistics of it. */
  commitWith(commit: () => void): void {
    const { sql, now, gateNow } = this.#tx;
    this.#doc.work.hold(now, allClosedUntil(this.#tx), quantileMs(gateNow, 0.5));
    const wasIdle = openJobs(this.#tx) === 0;
    commit();
    const begins = wasIdle && openJobs(this.#tx) > 0;
    if (begins) this.#doc.work.begin(now);
    this.#noteWork();
    this.#doc.add(sql, this.#moved, { now, begins });
    addRecent(sql, this.#stored);
  }

  #noteDone({ gen, admittedAt, isPaid, isFound, tookMs, result }: Done, row: Row): void {
    const { now, sql } = this.#tx;
    const { bytes } = result as { bytes: number };
    const { id, group, part, lane, run, created, attempts } = row;
    const ms = Math.max(0, now - created);
    this.#time("ready", ms);
    if (tookMs !== null) this.#time("run", tookMs);
    observeMs(timesOfLane(this.#slice(), laneName(lane)), ms);
    noteRunTimes(this.#tx, row, ms);
    if (!isFound) this.#addCost(costPlaces(row), now, [0, 1, bytes]);
    // The failed attempts that the engine has made are paid too.
    const failed = listAttempts(sql, row).filter(({ job }) => job !== null);
    const paid = failed.length + (isPaid ? 1 : 0);
    const made = { granted: admittedAt, took: Math.max(0, Math.round(tookMs ?? 0)), paid };
    this.#stored.push({ id, group, part, gen, created, at: now, bytes, lane, run, attempts, ...made });
  }

  #time(kind: "wait" | "run" | "ready", ms: number): void {
    observeMs(this.#slice()[kind], Math.max(0, ms));
  }

  /** Adds a cost to places of the day (UTC) of a time, Unix ms. */
  #addCost(places: readonly string[], at: number, cost: Cost): void {
    for (const place of places) addCost(this.#moved.costs, dayOf(at), place, cost);
  }

  /** A cancelled job ends without work, so it says nothing about the pace. */
  #noteWork(): void {
    const { stored, dead, refused } = eventsIn(this.#moved.minutes);
    const ended = stored + dead + refused;
    const ms = ended === 0 ? null : this.#doc.work.end(this.#tx.now);
    if (ms !== null) this.#slice().work = { ended, ms };
  }

  #slice(): Slice {
    const at = this.#tx.now - (this.#tx.now % TIERS_MS.minute);
    this.#moved.minutes[at] ??= emptySlice();
    return this.#moved.minutes[at];
  }
}

/** The times from order to stored of a run's jobs. */
export function timesOfRun({ own }: Pick<Run, "own">): Histogram {
  return own === null ? [] : (JSON.parse(own) as Histogram);
}

/** Notes how long a stored job has taken (ms), for each run that asked for it. */
function noteRunTimes({ runs }: QueueTx, row: Row, ms: number): void {
  for (const n of runs.subscribersOf(row)) {
    const run = runs.byNumber(n);
    if (run === null) continue;
    const times = timesOfRun(run);
    observeMs(times, ms);
    run.own = JSON.stringify(times);
  }
}

/**
 * The places of a job's cost, a name of each dimension. Null: its row is gone, and another instance has admitted it.
 */
function costPlaces(row: Pick<Row, "group" | "part" | "run"> | null): string[] {
  const known = row === null ? null : parseVariantKey(keyOfJob(row));
  const { width = null, height = null, format = "" } = known?.transform ?? {};
  const size = known === null ? "" : width !== null ? String(width) : height === null ? "orig" : `x${height}`;
  const id = known?.id ?? "";
  const folder = id.slice(0, id.lastIndexOf("/") + 1);
  return [`run ${row?.run ?? 0}`, `width ${size}`, `format ${format}`, `folder ${folder}`];
}

/** The document `statistics`. */
export interface State {
  /** Events since the ledger was created. */
  totals: Totals;
  /** The slices of the current minute and of those that tell the pace. Other minutes are in the rows of their days. */
  minutes: Minutes;
  /** The costs since the last past minute. Earlier costs are in the rows of their days. */
  costs: Costs;
}

/** The changes of one transaction. */
type Moved = Omit<State, "totals">;

/**
 * The newest statistics as one document, so that a transaction writes one row for all of them. It is kept in memory and
 * written through.
 */
class StatisticsDoc {
  readonly state: State;
  readonly work: WorkTime;

  /** `startedAt`: when this instance began, Unix ms. */
  constructor(sql: Sql, startedAt: number) {
    const body = getDoc(sql, "statistics");
    this.state = body === null ? { totals: eventsIn({}), minutes: {}, costs: {} } : (JSON.parse(body) as State);
    this.work = new WorkTime(startedAt);
  }

  /**
   * Adds the changes of a transaction. `now`: Unix ms. `begins`: jobs wait after a time without any, so earlier ends
   * say nothing about the pace.
   */
  add(sql: Sql, { minutes, costs }: Moved, { now, begins }: { now: number; begins: boolean }): void {
    if (!begins && Object.keys(minutes).length === 0 && Object.keys(costs).length === 0) return;
    const { state } = this;
    if (begins) for (const slice of Object.values(state.minutes)) slice.work = { ended: 0, ms: 0 };
    for (const [event, n] of Object.entries(eventsIn(minutes))) state.totals[event as keyof Totals] += n;
    mergeSlices(state.minutes, minutes, TIERS_MS.minute);
    mergeCosts(state.costs, costs);
    this.#fold(sql, now);
    putDoc(sql, "statistics", JSON.stringify(state));
  }

  /** Moves past minutes to the rows of their days, with the costs. Those that tell the pace stay. */
  #fold(sql: Sql, now: number): void {
    const { state } = this;
    const kept = new Set(minutesOfPace(state.minutes));
    const isPast = ([at]: [string, unknown]) => Number(at) + TIERS_MS.minute <= now && !kept.has(Number(at));
    const past = Object.entries(state.minutes).filter(isPast);
    if (past.length === 0 && !areMany(state.costs)) return;
    addMinutes(sql, Object.fromEntries(past), state.costs);
    state.costs = {};
    for (const [at] of past) delete state.minutes[Number(at)];
  }
}
