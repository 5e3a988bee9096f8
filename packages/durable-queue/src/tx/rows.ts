import { type JobKey, keyText } from "../job-key.ts";
import { NEIGHBOURS, placeOf, rangeOfGroup } from "../tables/job-ids.ts";
import {
  ALL_COLUMNS,
  COLUMN_NAMES,
  countedAs,
  type LaneCode,
  type Row,
  rowFrom,
  type StateCode,
  valuesOf,
} from "../tables/row.ts";
import { insertRows, int, type Sql, type SqlRow, type SqlValue, text } from "../tables/sql.ts";

export interface Counted {
  /** The counted state. */
  state: StateCode;
  lane: LaneCode;
  run: number;
  attempts: number;
  error: string | null;
}

/**
 * The change of one row in a transaction. `before` null: created. `after` null: deleted. `deletedAs`: the counted state of a
 * deleted row, if it counts.
 */
export interface Change {
  before: Counted | null;
  after: Row | null;
  row: Row;
  deletedAs: StateCode | null;
}

interface LoadedRow {
  row: Row;
  before: Counted | null;
  /** The values in the table, in the order of COLUMN_NAMES. Empty: the row is new. */
  values: SqlValue[];
  deleted: boolean;
  deletedAs: StateCode | null;
  /** The payload to write. Null: the row keeps the payload that it has. */
  payload: string | null;
}

const SELECT = `SELECT ${ALL_COLUMNS.map((name) => `jobs.${name}`).join(", ")} FROM`;
/** Columns whose change operators see. */
const VISIBLE_COLUMNS = [COLUMN_NAMES.indexOf("state"), COLUMN_NAMES.indexOf("lane"), COLUMN_NAMES.indexOf("attempts")];
/** Keys per statement. A longer list is split, so that its JSON stays small. */
const CHUNK = 500;

/** The rows of a transaction. Each is loaded once, changed in memory, and written back by the cheapest statement. */
export class Rows {
  readonly #sql: Sql;
  readonly #seed: string;
  /** By the text of the key. */
  readonly #byKey = new Map<string, LoadedRow>();
  readonly #byId = new Map<number, LoadedRow>();
  /** First places of keys whose neighbours were read, by the text of the key. */
  readonly #looked = new Map<string, number>();

  /** `seed`: the queue's id. */
  constructor(sql: Sql, seed: string) {
    this.#sql = sql;
    this.#seed = seed;
  }

  /** The row. Null: not loaded, or deleted. */
  get(key: JobKey): Row | null {
    const loaded = this.#byKey.get(keyText(key));
    return loaded === undefined || loaded.deleted ? null : loaded.row;
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
      this.#load(this.#sql.exec(`${SELECT} json_each(?) AS p CROSS JOIN jobs ON ${near}`, some));
    }
    return keys.map((key) => this.get(key)).filter((row) => row !== null);
  }

  loadIds(ids: readonly number[]): Row[] {
    const missing = ids.filter((id) => !this.#byId.has(id));
    const query = `${SELECT} json_each(?) AS p CROSS JOIN jobs ON jobs.id = p.value`;
    if (missing.length > 0) this.#load(this.#sql.exec(query, JSON.stringify(missing)));
    return ids.map((id) => this.#byId.get(id)).flatMap((loaded) => (loaded && !loaded.deleted ? [loaded.row] : []));
  }

  /** All rows of one group. */
  loadGroup(group: string): Row[] {
    const { from, to } = rangeOfGroup(group, this.#seed);
    this.#load(this.#sql.exec(`${SELECT} jobs WHERE id >= ? AND id < ?`, from, to));
    const all = [...this.#byId.values()].filter(({ deleted }) => !deleted).map(({ row }) => row);
    return all.filter((row) => row.id >= from && row.id < to && row.group === group);
  }

  /** The next `most` rows above an id. Answers up to which id these are all. */
  loadAbove(above: number, most: number): { rows: Row[]; to: number } {
    const found = this.#sql.exec(`${SELECT} jobs WHERE id > ? ORDER BY id LIMIT ?`, above, most);
    const to = found.length < most ? Number.MAX_SAFE_INTEGER : int(found.at(-1)?.id);
    return { rows: this.#load(found), to };
  }

  /** Rows that are only shown: the transaction does not load them. `where`: SQL that follows the table's name. */
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
    this.#keep({ row, before: null, values: [], deleted: false, deletedAs: null, payload: null });
    return row;
  }

  /** Gives a row its payload. "": none. */
  setPayload({ id }: Row, payload: string): void {
    const loaded = this.#byId.get(id);
    if (loaded !== undefined) loaded.payload = payload;
  }

  /** The payload of a row in the table. "": it has none. No other statement reads it, because it may have megabytes. */
  payloadOf({ id }: Row): string {
    return text(this.#sql.exec("SELECT payload FROM jobs WHERE id = ?", id)[0]?.payload);
  }

  /** Deletes a row. `deletedAs`: the state that runs and counts keep. */
  delete(row: Row, deletedAs: StateCode | null): void {
    const loaded = this.#byId.get(row.id);
    if (loaded === undefined) return;
    loaded.deleted = true;
    loaded.deletedAs = deletedAs;
  }

  /** Every row whose counted state may have changed. */
  *changes(): Generator<Change> {
    for (const { row, before, deleted, deletedAs } of this.#byId.values())
      if (before !== null || !deleted || deletedAs !== null)
        yield { before, after: deleted ? null : row, row, deletedAs };
  }

  /**
   * Writes every row back, and only its changed columns: SQLite rewrites an index entry when a statement names a column
   * of the index, even with the same value.
   */
  flush(now: number): void {
    const loaded = [...this.#byId.values()];
    this.#deleteAll(loaded.filter(({ deleted, before }) => deleted && before !== null));
    const left = loaded.filter(({ deleted }) => !deleted);
    for (const row of left) if (row.before !== null) this.#update(row, now);
    const added = left.filter(({ before }) => before === null);
    const values = added.filter(({ payload }) => !payload).map(({ row }) => columnsOf(row));
    insertRows(this.#sql, "jobs", ALL_COLUMNS, values);
    for (const { row, payload } of added) if (payload) this.#insert(row, payload);
  }

  /** A payload is a value of its own, because many of them are too long for the JSON of one statement. */
  #insert(row: Row, payload: string): void {
    const places = ALL_COLUMNS.map(() => "?").join(", ");
    const query = `INSERT INTO jobs (${ALL_COLUMNS.join(", ")}, payload) VALUES (${places}, ?)`;
    this.#sql.exec(query, ...columnsOf(row), payload);
  }

  #update({ row, values: before, payload }: LoadedRow, now: number): void {
    let after = valuesOf(row);
    const isChanged = (column: number): boolean => after[column] !== before[column];
    if (VISIBLE_COLUMNS.some(isChanged)) {
      row.updated = now;
      after = valuesOf(row);
    }
    const changed = [...after.keys()].filter(isChanged);
    const set = changed.map((column) => `${COLUMN_NAMES[column]} = ?`);
    const params = changed.map((column) => after[column] ?? null);
    if (payload !== null) {
      set.push("payload = ?");
      params.push(payload);
    }
    if (set.length > 0) this.#sql.exec(`UPDATE jobs SET ${set.join(", ")} WHERE id = ?`, ...params, row.id);
  }

  /**
   * Whether a row of this transaction has the place. A deleted row keeps its place until the commit, unless this
   * transaction created it.
   */
  #isTaken(id: number): boolean {
    const loaded = this.#byId.get(id);
    return loaded !== undefined && (!loaded.deleted || loaded.before !== null);
  }

  #load(found: SqlRow[]): Row[] {
    const rows: Row[] = [];
    for (const raw of found) {
      const known = this.#byId.get(int(raw.id));
      if (known) {
        if (!known.deleted) rows.push(known.row);
        continue;
      }
      const row = rowFrom(raw);
      this.#keep(loadedRow(row));
      rows.push(row);
    }
    return rows;
  }

  #keep(loaded: LoadedRow): void {
    this.#byKey.set(keyText(loaded.row), loaded);
    this.#byId.set(loaded.row.id, loaded);
  }

  #placeOf(key: JobKey): number {
    return this.#looked.get(keyText(key)) ?? placeOf(key, this.#seed);
  }

  #deleteAll(loaded: LoadedRow[]): void {
    if (loaded.length === 0) return;
    const list = JSON.stringify(loaded.map(({ row }) => row.id));
    this.#sql.exec("DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))", list);
    // A retry sets the attempts of a row to 0. Its update remains, and a job that goes well has none.
    const failed = loaded.filter(({ row }) => row.attempts > 0 || row.updated > 0);
    deleteBelongings(this.#sql, "attempts", failed);
    const joined = loaded.filter(({ row }) => row.joined === 1);
    deleteBelongings(this.#sql, "joins", joined);
  }
}

/** The values of ALL_COLUMNS, in order. */
function columnsOf(row: Row): SqlValue[] {
  return [row.id, row.group, row.part, ...valuesOf(row)];
}

function loadedRow(row: Row): LoadedRow {
  const { lane, run, attempts, error } = row;
  const before = { state: countedAs(row), lane, run, attempts, error };
  return { row, before, values: valuesOf(row), deleted: false, deletedAs: null, payload: null };
}

function deleteBelongings(sql: Sql, table: "attempts" | "joins", loaded: LoadedRow[]): void {
  if (loaded.length === 0) return;
  const list = JSON.stringify(loaded.map(({ row }) => row.id));
  sql.exec(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, list);
}
