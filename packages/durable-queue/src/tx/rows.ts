import { type JobKey, keyText } from "../job-key.ts";
import type { Orders } from "../memory/orders.ts";
import { groupPlaceOf, NEIGHBOURS, placeOf, rangeOfGroup } from "../tables/job-ids.ts";
import { type Order, ordersOf } from "../tables/order.ts";
import {
  ALL_COLUMNS,
  COLUMN_NAMES,
  countedAs,
  isOpen,
  type LaneCode,
  type Row,
  rowFrom,
  type StateCode,
  valuesOf,
  WAITING,
} from "../tables/row.ts";
import { int, type Sql, type SqlRow, type SqlValue } from "../tables/sql.ts";

export interface Standing {
  /** The counted state. */
  state: StateCode;
  lane: LaneCode;
  run: number;
  attempts: number;
  error: string | null;
}

/**
 * The change of one row in a transaction. `before` null: created. `after` null: deleted. `as`: the counted state of a
 * deleted row, if it counts.
 */
export interface Change {
  before: Standing | null;
  after: Row | null;
  row: Row;
  as: StateCode | null;
}

interface HeldRow {
  row: Row;
  before: Standing | null;
  /** The values in the tables, in the order of COLUMN_NAMES. Empty: the row is new. */
  values: SqlValue[];
  /** Where the job waits untouched. Null: it has a row in `jobs`, or is new. */
  place: { order: Order; index: number } | null;
  deleted: boolean;
  as: StateCode | null;
}

const INSERT = `INSERT INTO jobs (${ALL_COLUMNS.join(", ")}) VALUES (${ALL_COLUMNS.map(() => "?").join(", ")})`;
const SELECT = `SELECT ${ALL_COLUMNS.map((name) => `jobs.${name}`).join(", ")} FROM`;
/** Columns whose change operators see. */
const NEWS = [COLUMN_NAMES.indexOf("state"), COLUMN_NAMES.indexOf("lane"), COLUMN_NAMES.indexOf("attempts")];
/** Keys per statement. A longer list is split, so that its JSON stays small. */
const CHUNK = 500;

const JOINED = COLUMN_NAMES.indexOf("joined");

/**
 * The rows of a transaction. Each is loaded once, changed in memory, and written back by the cheapest statement. A job
 * is in an order until it is touched, and in `jobs` from then on; callers see no difference.
 */
export class Rows {
  readonly #sql: Sql;
  readonly #seed: string;
  readonly #orders: Orders;
  /** By the text of the key. */
  readonly #byKey = new Map<string, HeldRow>();
  readonly #byId = new Map<number, HeldRow>();
  /** First places of keys whose neighbours were read, by the text of the key. */
  readonly #looked = new Map<string, number>();
  /** First places of groups whose orders were read. */
  readonly #groups = new Set<number>();

  constructor(sql: Sql, seed: string, orders: Orders) {
    this.#sql = sql;
    this.#seed = seed;
    this.#orders = orders;
  }

  /** The row. Null: not loaded, or deleted. */
  get(key: JobKey): Row | null {
    const held = this.#byKey.get(keyText(key));
    return held === undefined || held.deleted ? null : held.row;
  }

  byId(id: number): Row | null {
    return this.loadIds([id])[0] ?? null;
  }

  /** The counted state in the table. A row that this transaction created: its current state. */
  countedBefore(row: Row): StateCode {
    return this.#byId.get(row.id)?.before?.state ?? countedAs(row);
  }

  /** Makes another subscriber the first one. That run has counted the row since it joined, so no count changes. */
  reseat(row: Row, run: number): void {
    row.run = run;
    const before = this.#byId.get(row.id)?.before;
    if (before) before.run = run;
  }

  loadKeys(keys: readonly JobKey[]): Row[] {
    const places: number[] = [];
    for (const key of keys) {
      const name = keyText(key);
      if (this.#byKey.has(name) || this.#looked.has(name)) continue;
      const place = placeOf(key, this.#seed);
      this.#looked.set(name, place);
      places.push(place);
    }
    for (let at = 0; at < places.length; at += CHUNK) {
      const some = JSON.stringify(places.slice(at, at + CHUNK));
      const near = `jobs.id >= p.value AND jobs.id < p.value + ${NEIGHBOURS}`;
      this.#hold(this.#sql.exec(`${SELECT} json_each(?) AS p CROSS JOIN jobs ON ${near}`, some));
    }
    // The last neighbour may be a place of the next group.
    this.#loadOrders(places.flatMap((place) => [groupPlaceOf(place), groupPlaceOf(place + NEIGHBOURS - 1)]));
    return keys.map((key) => this.get(key)).filter((row) => row !== null);
  }

  loadIds(ids: readonly number[]): Row[] {
    const missing = ids.filter((id) => !this.#byId.has(id));
    const query = `${SELECT} json_each(?) AS p CROSS JOIN jobs ON jobs.id = p.value`;
    if (missing.length > 0) this.#hold(this.#sql.exec(query, JSON.stringify(missing)));
    this.#loadOrders(missing.filter((id) => !this.#byId.has(id)).map(groupPlaceOf));
    return ids.map((id) => this.#byId.get(id)).flatMap((held) => (held && !held.deleted ? [held.row] : []));
  }

  /** All rows of one group. */
  loadGroup(group: string): Row[] {
    const { from, to } = rangeOfGroup(group, this.#seed);
    this.#hold(this.#sql.exec(`${SELECT} jobs WHERE id >= ? AND id < ?`, from, to));
    this.#loadOrders([from]);
    const all = [...this.#byId.values()].filter(({ deleted }) => !deleted).map(({ row }) => row);
    return all.filter((row) => row.id >= from && row.id < to && row.group === group);
  }

  /** At least the next `most` rows above an id, unless there are fewer. Answers up to which id these are all. */
  loadAbove(above: number, most: number): { rows: Row[]; to: number } {
    const found = this.#hold(this.#sql.exec(`${SELECT} jobs WHERE id > ? ORDER BY id LIMIT ?`, above, most));
    const ordered = this.#orders.walk(this.#sql, { above, to: null }, most);
    const last = found.length < most ? Number.MAX_SAFE_INTEGER : (found.at(-1)?.id ?? above);
    const to = Math.min(last, ordered.to);
    const untouched = this.loadIds(ordered.rows.map(({ id }) => id));
    return { rows: [...found, ...untouched].filter(({ id }) => id <= to), to };
  }

  /** Touched jobs that are only shown: the transaction does not load them. `where`: SQL that follows the table's name. */
  read(where: string, ...params: SqlValue[]): Row[] {
    return this.#sql.exec(`${SELECT} jobs ${where}`, ...params).map(rowFrom);
  }

  /** Adds a row at the first free place of its key. Load the key before. */
  add(key: JobKey, make: (id: number) => Row): Row {
    const place = this.#placeOf(key);
    let id = place;
    while (this.#isTaken(id)) id += 1;
    if (id >= place + NEIGHBOURS) throw new Error(`no free place for ${keyText(key)}`);
    const row = make(id);
    this.#keep({ row, before: null, values: [], place: null, deleted: false, as: null });
    return row;
  }

  /** Deletes a row. `as`: the state that runs and counts keep. */
  delete(row: Row, as: StateCode | null): void {
    const held = this.#byId.get(row.id);
    if (held === undefined) return;
    held.deleted = true;
    held.as = as;
  }

  /** Every row whose counted state may have changed. */
  *changes(): Generator<Change> {
    for (const { row, before, deleted, as } of this.#byId.values())
      if (before !== null || !deleted || as !== null) yield { before, after: deleted ? null : row, row, as };
  }

  /**
   * Writes every row back, and only its changed columns: SQLite rewrites an index entry when a statement names a column
   * of the index, even with the same value.
   */
  flush(now: number): void {
    const held = [...this.#byId.values()];
    this.#deleteAll(held.filter(({ deleted, before }) => deleted && before !== null));
    const untouched: Row[] = [];
    for (const { row, before, values, place, deleted } of held) {
      if (deleted) continue;
      if (before === null && this.#isUntouched(row)) untouched.push(row);
      else if (before === null) this.#insert(row, now);
      else if (place === null) this.#update(row, values, now);
    }
    this.#flushOrders(held, now);
    this.#orders.put(this.#sql, ordersOf(untouched));
  }

  /** Whether a new row may wait in an order: it is as accept makes it. */
  #isUntouched(row: Row): boolean {
    return row.state === WAITING && row.due === null && row.id === this.#placeOf(row);
  }

  /** Takes jobs that ended or were touched out of their orders. A touched job gets a row. */
  #flushOrders(held: readonly HeldRow[], now: number): void {
    const leaving: NonNullable<HeldRow["place"]>[] = [];
    for (const { row, values, place, deleted } of held) {
      if (place === null) continue;
      const after = valuesOf(row);
      const isTouched = after.some((value, column) => value !== values[column] && column !== JOINED);
      if (!isTouched && !deleted) {
        // `joined` of an order means any of its jobs, so the last subscriber of one job does not reset it.
        if (row.joined === 1) this.#orders.join(this.#sql, place.order);
        continue;
      }
      leaving.push(place);
      if (deleted) continue;
      if (NEWS.some((column) => after[column] !== values[column])) row.updated = now;
      this.#insert(row, now);
    }
    this.#orders.take(this.#sql, leaving);
  }

  /** An open row in `jobs` has a due time, because nothing else finds it. */
  #insert(row: Row, now: number): void {
    if (isOpen(row)) row.due ??= now;
    this.#sql.exec(INSERT, row.id, row.group, row.part, ...valuesOf(row));
  }

  #update(row: Row, before: SqlValue[], now: number): void {
    let after = valuesOf(row);
    const isChanged = (column: number): boolean => after[column] !== before[column];
    if (NEWS.some(isChanged)) {
      row.updated = now;
      after = valuesOf(row);
    }
    const changed = [...after.keys()].filter(isChanged);
    if (changed.length === 0) return;
    const set = changed.map((column) => `${COLUMN_NAMES[column]} = ?`).join(", ");
    this.#sql.exec(`UPDATE jobs SET ${set} WHERE id = ?`, ...changed.map((column) => after[column] ?? null), row.id);
  }

  /**
   * Whether a row of this transaction has the place. A deleted row keeps its place until the commit, unless this
   * transaction created it.
   */
  #isTaken(id: number): boolean {
    const held = this.#byId.get(id);
    return held !== undefined && (!held.deleted || held.before !== null);
  }

  #hold(found: SqlRow[]): Row[] {
    const rows: Row[] = [];
    for (const raw of found) {
      const known = this.#byId.get(int(raw.id));
      if (known) {
        if (!known.deleted) rows.push(known.row);
        continue;
      }
      const row = rowFrom(raw);
      this.#keep(heldRow(row, null));
      rows.push(row);
    }
    return rows;
  }

  /** Reads the orders of groups. Load the rows in `jobs` before. */
  #loadOrders(places: readonly number[]): void {
    const missing = [...new Set(places)].filter((place) => !this.#groups.has(place));
    for (const place of missing) this.#groups.add(place);
    for (const order of this.#orders.ofGroups(this.#sql, missing))
      for (const { row, index } of this.#orders.jobsOf(order)) this.#keep(heldRow(row, { order, index }));
  }

  #keep(held: HeldRow): void {
    this.#byKey.set(keyText(held.row), held);
    this.#byId.set(held.row.id, held);
  }

  #placeOf(key: JobKey): number {
    return this.#looked.get(keyText(key)) ?? placeOf(key, this.#seed);
  }

  #deleteAll(held: HeldRow[]): void {
    if (held.length === 0) return;
    const touched = held.filter(({ place }) => place === null).map(({ row }) => row.id);
    const list = JSON.stringify(touched);
    if (touched.length > 0) this.#sql.exec("DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))", list);
    const failed = held.filter(({ row }) => row.attempts > 0 || row.error !== null);
    deleteBelongings(this.#sql, "attempts", failed);
    deleteBelongings(
      this.#sql,
      "joins",
      held.filter(({ row }) => row.joined === 1),
    );
  }
}

function heldRow(row: Row, place: HeldRow["place"]): HeldRow {
  const { lane, run, attempts, error } = row;
  const before = { state: countedAs(row), lane, run, attempts, error };
  return { row, before, values: valuesOf(row), place, deleted: false, as: null };
}

function deleteBelongings(sql: Sql, table: "attempts" | "joins", held: HeldRow[]): void {
  if (held.length === 0) return;
  const list = JSON.stringify(held.map(({ row }) => row.id));
  sql.exec(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, list);
}
