import { groupPlaceOf, placeIn } from "./job-ids.ts";
import { type LaneCode, newRow, type Row } from "./row.ts";
import { int, type SqlRow, type SqlValue, text } from "./sql.ts";

/** The untouched jobs of one group that one run asked for in one lane. */
export interface Order {
  lane: LaneCode;
  /** Number of the run. 0: no run. */
  run: number;
  /** Generation of the first part; the part at index i has `gen + i`. It grows with arrival, so it is also the place in line. */
  gen: number;
  group: string;
  /** The first place of the group's jobs. */
  place: number;
  /** No older result of these parts counts. */
  force: boolean;
  /** `joins` may have further subscribers of these jobs. */
  joined: boolean;
  /** Unix ms. */
  created: number;
  /** Null: this part is in the order no more. */
  parts: (string | null)[];
}

/** An untouched job, as the row that it would have in `jobs`, and its place in its order. */
export interface OrderedJob {
  row: Row;
  index: number;
}

/** The number of jobs that are still in an order, in SQL. */
export const PARTS = "(SELECT count(part.value) FROM json_each(orders.parts) AS part)";
/** Parts of one order: as many as one chunk of a request has keys. */
export const PARTS_MAX = 1_000;
/**
 * Characters of the parts of one order. Chosen: a character takes seven bytes at most, as JSON in JSON (`insertRows`), of
 * the 2 MB of a value, and the row is written again when jobs leave it.
 */
const PARTS_MAX_CHARS = 100_000;

export const ORDER_COLUMNS = ["lane", "run", "gen", "grp", "place", "force", "joined", "created", "parts"] as const;

export function orderFrom(raw: SqlRow): Order {
  return {
    ...{ lane: int(raw.lane), run: int(raw.run), gen: int(raw.gen), group: text(raw.grp) },
    ...{ place: int(raw.place), force: int(raw.force) === 1, joined: int(raw.joined) === 1, created: int(raw.created) },
    parts: JSON.parse(text(raw.parts)) as (string | null)[],
  };
}

/** The values of ORDER_COLUMNS, in order. */
export function orderValues({ lane, run, gen, group, place, force, joined, created, parts }: Order): SqlValue[] {
  return [lane, run, gen, group, place, force ? 1 : 0, joined ? 1 : 0, created, JSON.stringify(parts)];
}

/**
 * The jobs that are still in an order. An order has only jobs whose ids are the first places of their keys, so no id is
 * stored. `seed`: the queue's id.
 */
export function jobsOf(
  { lane, run, gen, group, place, force, joined, created, parts }: Order,
  seed: string,
): OrderedJob[] {
  const jobs: OrderedJob[] = [];
  for (const [index, part] of parts.entries()) {
    if (part === null) continue;
    const key = { group, part };
    const row = newRow({ id: placeIn(place, key, seed), ...key }, gen + index, lane, created);
    row.run = run;
    row.joined = joined ? 1 : 0;
    row.floor = force ? row.gen : 0;
    jobs.push({ row, index });
  }
  return jobs;
}

/** The orders of new, untouched jobs, in the order of their generations. */
export function ordersOf(rows: readonly Row[]): Order[] {
  const orders: Order[] = [];
  let chars = 0;
  for (const { id, group, part, lane, run, gen, floor, joined, created } of rows) {
    const [force, isJoined] = [floor > 0, joined === 1];
    const open = orders.at(-1);
    const hasRoom = open !== undefined && open.parts.length < PARTS_MAX && chars + part.length <= PARTS_MAX_CHARS;
    const isNext = hasRoom && gen === open.gen + open.parts.length;
    const isOf = open?.group === group && open.lane === lane && open.run === run;
    if (isNext && isOf && open.created === created && open.force === force) {
      open.parts.push(part);
      open.joined ||= isJoined;
      chars += part.length;
    } else {
      orders.push({ lane, run, gen, group, place: groupPlaceOf(id), force, joined: isJoined, created, parts: [part] });
      chars = part.length;
    }
  }
  return orders;
}
