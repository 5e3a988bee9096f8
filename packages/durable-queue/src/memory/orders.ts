import { groupPlaceOf, PLACES } from "../tables/job-ids.ts";
import {
  jobsOf,
  ORDER_COLUMNS,
  type Order,
  type OrderedJob,
  orderFrom,
  orderValues,
  PARTS_MAX,
} from "../tables/order.ts";
import type { LaneCode, Row } from "../tables/row.ts";
import { insertRows, int, type Sql } from "../tables/sql.ts";

/** Orders, or groups with orders, that one statement reads. */
const AT_ONCE = 50;
/** So many jobs beyond the limit are offered, so that the jobs of one group stay together. */
const TOGETHER_MAX = 12;

const NEVER = Number.POSITIVE_INFINITY;

const COLUMNS = ORDER_COLUMNS.join(", ");
const IS_LINE = "lane = ? AND run = ?";
const IS_ORDER = `${IS_LINE} AND gen = ?`;
const IN_LINE = `SELECT ${COLUMNS} FROM orders WHERE ${IS_LINE} AND gen >= ? ORDER BY gen LIMIT ?`;

/** The place of a job in its line. */
type Place = Pick<Row, "lane" | "run" | "gen">;
/** Which runs, by their numbers. */
type AreOf = (run: number) => boolean;
/** Whether a job may be offered. A job that has a claim, or was offered earlier in the same call, may not. */
type IsFree = (id: number) => boolean;

interface Offer {
  limit: number;
  /** Unix ms. */
  now: number;
  /** Default: all runs. */
  areOf?: AreOf;
}

/** The line of one run in one lane. */
interface Line {
  lane: LaneCode;
  run: number;
  /** All orders with a smaller generation were offered. */
  from: number;
  /** No order with a smaller generation was passed over. Infinity: none was. */
  passed: number;
  /** When the orders that were passed over are to be offered again, Unix ms. */
  until: number;
  /** All its orders were offered. */
  isThrough: boolean;
}

/**
 * The untouched jobs, one row per group, run and lane. In memory is only how far each line was offered: an eviction
 * begins each line anew, and jobs that have a claim are passed over.
 */
export class Orders {
  readonly #lines = new Map<LaneCode, Line[]>();
  readonly #turns = new Map<LaneCode, number>();
  readonly #seed: string;

  /** `seed`: the queue's id. */
  constructor(sql: Sql, seed: string) {
    this.#seed = seed;
    // One step per line and not one per order: a queue may have a million orders.
    const nextLane = "SELECT lane FROM orders WHERE lane > ? ORDER BY lane LIMIT 1";
    const nextRun = "SELECT run FROM orders WHERE lane = ? AND run > ? ORDER BY run LIMIT 1";
    for (let raw = sql.exec(nextLane, -1)[0]; raw !== undefined; raw = sql.exec(nextLane, int(raw.lane))[0]) {
      const lane = int(raw.lane);
      for (let of = sql.exec(nextRun, lane, -1)[0]; of !== undefined; of = sql.exec(nextRun, lane, int(of.run))[0])
        this.#line(lane, int(of.run));
    }
  }

  /** The jobs that are in an order. */
  jobsOf(order: Order): OrderedJob[] {
    return jobsOf(order, this.#seed);
  }

  /* ── Rows ── */

  put(sql: Sql, orders: readonly Order[]): void {
    insertRows(sql, "orders", ORDER_COLUMNS, orders.map(orderValues));
    for (const { lane, run } of orders) this.#line(lane, run).isThrough = false;
  }

  /** Orders of groups, by the first places of the groups. Groups with one hash have one place. */
  ofGroups(sql: Sql, places: readonly number[]): Order[] {
    const columns = ORDER_COLUMNS.map((name) => `orders.${name}`).join(", ");
    const query = `SELECT ${columns} FROM json_each(?) AS p CROSS JOIN orders ON orders.place = p.value`;
    return places.length === 0 ? [] : sql.exec(query, JSON.stringify(places)).map(orderFrom);
  }

  /** Orders of groups of which a job has a row. */
  withRows(sql: Sql): Order[] {
    const query = `SELECT ${COLUMNS} FROM orders
      WHERE EXISTS (SELECT 1 FROM jobs WHERE jobs.id >= orders.place AND jobs.id < orders.place + ${PLACES})`;
    return sql.exec(query).map(orderFrom);
  }

  /**
   * Jobs above an id, in the order of ids: those up to `to`, or if it is null at least the next `most`. Answers up to
   * which id these are all.
   */
  walk(sql: Sql, { above, to }: { above: number; to: number | null }, most: number): { rows: Row[]; to: number } {
    const query = "SELECT DISTINCT place FROM orders WHERE place >= ? AND place <= ? ORDER BY place LIMIT ?";
    const end = to ?? Number.MAX_SAFE_INTEGER;
    const rows: Row[] = [];
    let reached = groupPlaceOf(above) - 1;
    for (let isMore = true; isMore && (to !== null || rows.length < most); ) {
      const places = sql.exec(query, reached + 1, end, AT_ONCE).map(({ place }) => int(place));
      for (const order of this.ofGroups(sql, places))
        for (const { row } of this.jobsOf(order)) if (row.id > above && row.id <= end) rows.push(row);
      isMore = places.length === AT_ONCE;
      reached = isMore ? (places.at(-1) ?? reached) + PLACES - 1 : end;
    }
    return { rows: rows.sort((a, b) => a.id - b.id), to: reached };
  }

  /** Takes parts out of orders. An order is deleted with its last part, and a line with its last order. */
  take(sql: Sql, leaving: readonly { order: Order; index: number }[]): void {
    const over: Order[] = [];
    for (const { order, index } of leaving) order.parts[index] = null;
    for (const order of new Set(leaving.map((part) => part.order))) {
      const { lane, run, gen, parts } = order;
      if (parts.every((part) => part === null)) over.push(order);
      else sql.exec(`UPDATE orders SET parts = ? WHERE ${IS_ORDER}`, JSON.stringify(parts), lane, run, gen);
    }
    const lines = Map.groupBy(over, ({ lane, run }) => this.#line(lane, run));
    for (const [line, orders] of lines) this.#delete(sql, line, orders);
  }

  #delete(sql: Sql, line: Line, orders: readonly Order[]): void {
    const { lane, run } = line;
    const gens = JSON.stringify(orders.map(({ gen }) => gen));
    sql.exec(`DELETE FROM orders WHERE ${IS_LINE} AND gen IN (SELECT value FROM json_each(?))`, lane, run, gens);
    if (sql.exec(`SELECT 1 FROM orders WHERE ${IS_LINE} LIMIT 1`, lane, run).length > 0) return;
    const others = this.#of(lane).filter((other) => other !== line);
    this.#lines.set(lane, others);
  }

  /** Notes that a job of the order has another subscriber. */
  join(sql: Sql, order: Order): void {
    if (order.joined) return;
    order.joined = true;
    sql.exec(`UPDATE orders SET joined = 1 WHERE ${IS_ORDER}`, order.lane, order.run, order.gen);
  }

  /* ── Lines ── */

  /** Numbers of the runs of a lane that have a line, the oldest first. */
  runs(lane: LaneCode): number[] {
    return this.#of(lane).map(({ run }) => run);
  }

  /** When a job of the lane may be offered, Unix ms: 0 is now. Null: the lane has none. */
  readyAt(lane: LaneCode): number | null {
    const times = this.#of(lane).map(({ isThrough, until }) => (isThrough && until !== NEVER ? until : 0));
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The next jobs of some runs of a lane at a time (Unix ms), runs in turn, a group's jobs together. */
  offer(sql: Sql, lane: LaneCode, { limit, now, areOf = () => true }: Offer, isFree: IsFree): Row[] {
    const found: Row[] = [];
    const lines = this.#inTurn(lane).filter(({ run }) => areOf(run));
    for (const [n, line] of lines.entries()) {
      if (found.length >= limit) break;
      this.#turns.set(lane, line.run);
      if (line.until <= now) goBack(line);
      found.push(...this.#offerLine(sql, line, Math.ceil((limit - found.length) / (lines.length - n)), isFree));
    }
    return found;
  }

  /** A job that was offered is to be offered again, as the first of its line. */
  offerAgain({ lane, run, gen }: Place): void {
    const line = this.#line(lane, run);
    // The first generation of its order is not known, but not further away than this. A few orders are read once more.
    line.from = Math.min(line.from, gen - PARTS_MAX);
    line.isThrough = false;
  }

  /** A job that was offered is to be offered again at a time (Unix ms), or before if a group is unlocked. */
  postpone({ lane, run, gen }: Place, until: number): void {
    const line = this.#line(lane, run);
    line.passed = Math.min(line.passed, gen - PARTS_MAX);
    line.until = Math.min(line.until, until);
  }

  /** A group is unlocked: all jobs that were postponed are the next of their lines. */
  unlocked(): void {
    for (const line of [...this.#lines.values()].flat()) goBack(line);
  }

  /** The first jobs that were not offered, of `runs` runs of a lane: one per run. */
  fronts(sql: Sql, lane: LaneCode, runs: number, isFree: IsFree): Row[] {
    return this.#of(lane)
      .slice(0, runs)
      .flatMap(({ run, from }) => {
        const orders = sql.exec(IN_LINE, lane, run, from, AT_ONCE).map(orderFrom);
        const first = orders.find((order) => this.#freeOf(order, isFree).length > 0);
        return first === undefined ? [] : this.#freeOf(first, isFree).slice(0, 1);
      });
  }

  /**
   * Jobs of a lane before a job: those of the runs that go first, then runs in turn. Null: they are in more than `most`
   * orders, of which no more are read.
   */
  ahead(sql: Sql, { lane, run, gen }: Place, most: number, areFirst: AreOf = () => false): number | null {
    const own = this.#line(lane, run);
    const others = this.#of(lane).filter((line) => line !== own);
    const before = this.#count(sql, own, gen, most + 1);
    const goFirst = areFirst(run) ? [] : others.filter((line) => areFirst(line.run));
    const first = this.#countAll(sql, goFirst, most - before.orders);
    const turns = others.filter((line) => areFirst(line.run) === areFirst(run));
    const inTurn = this.#countAll(sql, turns, most - before.orders - first.orders, before.jobs);
    const orders = before.orders + first.orders + inTurn.orders;
    return orders > most ? null : before.jobs + first.jobs + inTurn.jobs;
  }

  /** Jobs of some runs of a lane that were not offered. Null: they are in more than `most` orders. */
  waiting(sql: Sql, lane: LaneCode, areOf: AreOf, most: number): number | null {
    const lines = this.#of(lane).filter(({ run }) => areOf(run));
    const { orders, jobs } = this.#countAll(sql, lines, most);
    return orders > most ? null : jobs;
  }

  /** Jobs of lines that were not offered, at most `each` of a line. Reads no further than one order beyond `most`. */
  #countAll(sql: Sql, lines: readonly Line[], most: number, each = Number.MAX_SAFE_INTEGER) {
    let [orders, jobs] = [0, 0];
    for (const line of lines) {
      if (orders > most) break;
      const counted = this.#count(sql, line, Number.MAX_SAFE_INTEGER, Math.min(each, most - orders + 1));
      orders += counted.orders;
      jobs += Math.min(counted.jobs, each);
    }
    return { orders, jobs };
  }

  /** Jobs of a line that were not offered and have a smaller generation, in at most `limit` orders. */
  #count(sql: Sql, { lane, run, from }: Line, gen: number, limit: number): { orders: number; jobs: number } {
    const first = `SELECT gen, parts FROM orders WHERE ${IS_LINE} AND gen >= ? AND gen < ? ORDER BY gen LIMIT ?`;
    const query = `SELECT count(*) AS orders, sum(min(json_array_length(parts), ? - gen)) AS jobs FROM (${first})`;
    const raw = sql.exec(query, gen, lane, run, from, gen, limit)[0];
    return { orders: int(raw?.orders), jobs: int(raw?.jobs) };
  }

  #offerLine(sql: Sql, line: Line, limit: number, isFree: IsFree): Row[] {
    const found: Row[] = [];
    for (;;) {
      const orders = sql.exec(IN_LINE, line.lane, line.run, line.from, AT_ONCE).map(orderFrom);
      for (const order of orders) {
        const free = this.#freeOf(order, isFree);
        const most = limit - found.length + TOGETHER_MAX;
        found.push(...free.slice(0, most));
        if (free.length > most) return found;
        line.from = order.gen + 1;
        if (found.length >= limit) return found;
      }
      line.isThrough = orders.length < AT_ONCE;
      if (line.isThrough) return found;
    }
  }

  #freeOf(order: Order, isFree: IsFree): Row[] {
    return this.jobsOf(order).flatMap(({ row }) => (isFree(row.id) ? [row] : []));
  }

  #of(lane: LaneCode): Line[] {
    return this.#lines.get(lane) ?? [];
  }

  #line(lane: LaneCode, run: number): Line {
    const known = this.#of(lane).find((line) => line.run === run);
    if (known !== undefined) return known;
    const line: Line = { lane, run, from: 0, passed: NEVER, until: NEVER, isThrough: false };
    const lines = [...this.#of(lane), line].sort((a, b) => a.run - b.run);
    this.#lines.set(lane, lines);
    return line;
  }

  /** The lines of a lane, the one after the last turn first. */
  #inTurn(lane: LaneCode): Line[] {
    const lines = this.#of(lane);
    const last = this.#turns.get(lane) ?? -1;
    const next = Math.max(
      0,
      lines.findIndex(({ run }) => run > last),
    );
    return [...lines.slice(next), ...lines.slice(0, next)];
  }
}

/** The orders that were passed over are next. Few orders are read again, because those that are made are deleted. */
function goBack(line: Line): void {
  line.from = Math.min(line.from, line.passed);
  line.passed = NEVER;
  line.until = NEVER;
  line.isThrough = false;
}
