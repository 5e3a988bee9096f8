import { getDoc, putDoc, type Sql } from "@prewarm/durable-queue";
import { areMany, type Costs, mergeCosts } from "./tables/costs.ts";
import { addMinutes, eventsIn, type Minutes, mergeSlices, TIERS_MS, type Totals } from "./tables/history.ts";
import { minutesOfPace, WorkTime } from "./work-time.ts";

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
export type Moved = Omit<State, "totals">;

/**
 * The newest statistics as one document, so that a transaction writes one row for all of them. It is kept in memory and
 * written through.
 */
export class StatisticsDoc {
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
