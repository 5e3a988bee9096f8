import { type LaneCode, URGENT } from "./row.ts";

/**
 * A lane of a queue. `QueueConfig.lanes` lists the lanes in their order: a job of an earlier lane gets a slot or a token
 * before a job of a later one.
 *
 * Tables contain the number of a lane, which is made of its place in the list. So the order of a queue that has jobs
 * does not change, and a further lane comes after the others.
 */
export interface LaneRule {
  /** As calls, pauses and views have it. */
  name: string;
  /** The share of the budget that pays for its jobs, a name in `Budget.shares`. Lanes may have one share together. */
  share: string;
  /**
   * Somebody waits for each job at this moment. Only the first lane may be urgent.
   *
   * - A job may be POSTed in the call that hands it out, before its handler is ready.
   * - A handler fetches results of this lane whatever the number of other results in its hands is.
   * - Workers call at the time when such a job may end, and no run goes before another.
   * - A cancel of a run leaves its jobs alone, and a retry by hand puts a job into the next lane: nobody waits any more.
   * - Dead jobs stay for a day, as other ended jobs do, because strangers may ask for them.
   */
  urgent?: true;
  /**
   * The jobs can wait for hours. Only the last lane may be a background lane.
   *
   * - It leaves a tenth of the burst and at most a tenth of the slots, at least one, to the other lanes.
   * - A worker keeps room for jobs of the other lanes.
   * - A database that is nearly full refuses its jobs (`no_room`).
   * - A cancelled run accepts no more jobs (`closed`); in other lanes they are made outside the run.
   * - A run accepts jobs until its delivery is finished.
   */
  background?: true;
}

/** The lane of a queue that has one. */
export const ONE_LANE: readonly LaneRule[] = [{ name: "default", share: "default" }];

/** The numbers of the lanes, in their order. A list without an urgent lane begins at 1. */
export function laneCodes(lanes: readonly LaneRule[]): LaneCode[] {
  return lanes.map((_, place) => place + firstCode(lanes));
}

export function lastLane(lanes: readonly LaneRule[]): LaneCode {
  return lanes.length - 1 + firstCode(lanes);
}

/** The name of the lane with this number. Numbers beyond the list, of a longer list from before, are the last lane. */
export function laneName(lanes: readonly LaneRule[], code: LaneCode): string {
  return (lanes[code - firstCode(lanes)] ?? lanes.at(-1))?.name ?? "";
}

/** Throws a `TypeError` if no lane has this name. */
export function laneCode(lanes: readonly LaneRule[], name: string): LaneCode {
  return lanes.indexOf(laneRule(lanes, name)) + firstCode(lanes);
}

/** Throws a `TypeError` if no lane has this name. */
export function laneRule(lanes: readonly LaneRule[], name: string): LaneRule {
  const rule = lanes.find((lane) => lane.name === name);
  if (rule === undefined)
    throw new TypeError(`the queue has no lane ${name}, only ${lanes.map((lane) => lane.name).join(", ")}`);
  return rule;
}

function firstCode([first]: readonly LaneRule[]): LaneCode {
  return first?.urgent === true ? URGENT : URGENT + 1;
}
