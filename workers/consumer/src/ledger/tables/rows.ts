import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { NEIGHBOURS, placeOf, rangeOfImage } from "./job-ids.ts";
import { COLUMN_NAMES, countedAs, isOpen, type LaneCode, type Row, rowFrom, type StateCode, valuesOf } from "./row.ts";
import { int, type Sql, type SqlRow, type SqlValue } from "./sql.ts";

export interface Standing {
  /** The counted state. */
  state: StateCode;
  lane: LaneCode;
  run: number;
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
  /** The values in the table, in the order of COLUMN_NAMES. Empty: the row is new. */
  values: SqlValue[];
  deleted: boolean;
  as: StateCode | null;
}

const ALL = ["id", "key", ...COLUMN_NAMES];
const INSERT = `INSERT INTO jobs (${ALL.join(", ")}) VALUES (${ALL.map(() => "?").join(", ")})`;
const SELECT = `SELECT ${ALL.map((name) => `jobs.${name}`).join(", ")} FROM`;
/** Columns whose change operators see. */
const NEWS = [COLUMN_NAMES.indexOf("state"), COLUMN_NAMES.indexOf("lane"), COLUMN_NAMES.indexOf("attempts")];
/** Keys per statement. A longer list is split, so that its JSON stays small. */
const CHUNK = 500;

/** The rows of a transaction. Each is loaded once, changed in memory, and written back by the cheapest statement. */
export class Rows {
  readonly #sql: Sql;
  readonly #seed: string;
  readonly #byKey = new Map<string, HeldRow>();
  readonly #byId = new Map<number, HeldRow>();
  /** Places whose neighbours were read. */
  readonly #looked = new Set<string>();

  constructor(sql: Sql, seed: string) {
    this.#sql = sql;
    this.#seed = seed;
  }

  /** The row. Null: not loaded, or deleted. */
  get(key: string): Row | null {
    const held = this.#byKey.get(key);
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

  loadKeys(keys: readonly string[]): Row[] {
    const missing = keys.filter((key) => !this.#byKey.has(key) && !this.#looked.has(key));
    for (let at = 0; at < missing.length; at += CHUNK) {
      const places = JSON.stringify(missing.slice(at, at + CHUNK).map((key) => placeOf(key, this.#seed)));
      const near = `jobs.id >= p.value AND jobs.id < p.value + ${NEIGHBOURS}`;
      this.#hold(this.#sql.exec(`${SELECT} json_each(?) AS p CROSS JOIN jobs ON ${near}`, places));
    }
    for (const key of missing) this.#looked.add(key);
    return keys.map((key) => this.get(key)).filter((row) => row !== null);
  }

  loadIds(ids: readonly number[]): Row[] {
    const missing = ids.filter((id) => !this.#byId.has(id));
    if (missing.length > 0)
      this.#hold(
        this.#sql.exec(`${SELECT} json_each(?) AS p CROSS JOIN jobs ON jobs.id = p.value`, JSON.stringify(missing)),
      );
    return ids.map((id) => this.#byId.get(id)).flatMap((held) => (held && !held.deleted ? [held.row] : []));
  }

  /** All rows of one image. */
  loadImage(encodedId: string): Row[] {
    const { from, to } = rangeOfImage(encodedId, this.#seed);
    const found = this.#hold(this.#sql.exec(`${SELECT} jobs WHERE id >= ? AND id < ?`, from, to));
    const born = [...this.#byId.values()].filter(({ before, deleted }) => before === null && !deleted);
    return [...found, ...born.map(({ row }) => row)].filter(({ key }) => encodedIdOfKey(key) === encodedId);
  }

  /** Rows from an id on, in the order of ids. */
  loadFrom(id: number, limit: number): Row[] {
    return this.#hold(this.#sql.exec(`${SELECT} jobs WHERE id >= ? ORDER BY id LIMIT ?`, id, limit));
  }

  /** Adds a row at the first free place of its key. Load the key before. */
  add(key: string, make: (place: { id: number; key: string }) => Row): Row {
    const place = placeOf(key, this.#seed);
    let id = place;
    while (this.#isTaken(id)) id += 1;
    if (id >= place + NEIGHBOURS) throw new Error(`no free place for ${key}`);
    const row = make({ id, key });
    const held: HeldRow = { row, before: null, values: [], deleted: false, as: null };
    this.#byKey.set(key, held);
    this.#byId.set(id, held);
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

  /** Rows that were touched in this transaction. They leave their chunks. */
  *leavingFresh(): Generator<number> {
    for (const { row, before, values, deleted } of this.#byId.values()) {
      const wasFresh = before !== null && values[DUE] === null;
      if (wasFresh && (deleted || row.due !== null || !isOpen(row))) yield row.id;
    }
  }

  /**
   * Writes every row back, and only its changed columns: SQLite rewrites an index entry when a statement names a column
   * of the index, even with the same value.
   */
  flush(now: number): void {
    const held = [...this.#byId.values()];
    this.#deleteAll(held.filter(({ deleted, before }) => deleted && before !== null));
    for (const { row, before, values, deleted } of held) {
      if (deleted) continue;
      if (before === null) this.#sql.exec(INSERT, row.id, row.key, ...valuesOf(row));
      else this.#update(row, values, now);
    }
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
      const before = { state: countedAs(row), lane: row.lane, run: row.run };
      const held: HeldRow = { row, before, values: valuesOf(row), deleted: false, as: null };
      this.#byKey.set(row.key, held);
      this.#byId.set(row.id, held);
      rows.push(row);
    }
    return rows;
  }

  #deleteAll(held: HeldRow[]): void {
    if (held.length === 0) return;
    const list = JSON.stringify(held.map(({ row }) => row.id));
    this.#sql.exec("DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))", list);
    const failed = held.filter(({ row }) => row.attempts > 0 || row.error !== null);
    deleteBelongings(this.#sql, "attempts", failed);
    deleteBelongings(
      this.#sql,
      "joins",
      held.filter(({ row }) => row.joined === 1),
    );
  }
}

const DUE = COLUMN_NAMES.indexOf("due");

function deleteBelongings(sql: Sql, table: "attempts" | "joins", held: HeldRow[]): void {
  if (held.length === 0) return;
  const list = JSON.stringify(held.map(({ row }) => row.id));
  sql.exec(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, list);
}
