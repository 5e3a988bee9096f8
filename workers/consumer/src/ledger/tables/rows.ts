import { COLUMN_NAMES, COLUMNS, INDEXED, type LaneCode, type Row, rowFrom, type StateCode, valuesOf } from "./row.ts";
import { GRANTED, WAITING } from "./schema.ts";
import { int, type Sql, type SqlRow, type SqlValue } from "./sql.ts";

export interface Standing {
  state: StateCode;
  lane: LaneCode;
  run: number;
}

/** One row's change within a transaction: null before is a birth, null after a deletion. */
export interface Change {
  before: Standing | null;
  after: Row | null;
  row: Row;
}

interface HeldRow {
  row: Row;
  before: Standing | null;
  /** What the table has, in the order of COLUMN_NAMES; empty for a birth. */
  values: SqlValue[];
  deleted: boolean;
}

const INSERT = `INSERT INTO jobs (${COLUMNS}) VALUES (${Array(COLUMN_NAMES.length + 2)
  .fill("?")
  .join(", ")})`;
/** Holds a slot, and no handler owns it. */
const UNOWNED = `${GRANTED} AND owner IS NULL`;
/** Keys in one statement: a longer list is cut, so that its JSON stays small. */
const CHUNK = 500;

/** The rows a transaction has in hand: each is loaded once, changed in place, and written back by the cheapest statement that does. */
export class Rows {
  readonly #sql: Sql;
  readonly #byKey = new Map<string, HeldRow>();
  readonly #bySeq = new Map<number, HeldRow>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The row, if it was loaded and not deleted. */
  get(key: string): Row | null {
    const held = this.#byKey.get(key);
    return held === undefined || held.deleted ? null : held.row;
  }

  /** The state the table has for it; its present one when it was born in this transaction. */
  stateBefore(row: Row): StateCode {
    return this.#bySeq.get(row.seq)?.before?.state ?? row.state;
  }

  /** Makes another asker the first one. That run has counted the row since it joined, so no count changes. */
  reseat(row: Row, run: number): void {
    row.run = run;
    const before = this.#bySeq.get(row.seq)?.before;
    if (before) before.run = run;
  }

  loadKeys(keys: string[]): Row[] {
    const missing = keys.filter((key) => !this.#byKey.has(key));
    for (let at = 0; at < missing.length; at += CHUNK) {
      const list = JSON.stringify(missing.slice(at, at + CHUNK));
      this.#hold(this.#sql.exec(`SELECT jobs.* FROM json_each(?) AS k CROSS JOIN jobs ON jobs.key = k.value`, list));
    }
    return keys.map((key) => this.get(key)).filter((row) => row !== null);
  }

  loadSeqs(seqs: number[]): Row[] {
    const missing = seqs.filter((seq) => !this.#bySeq.has(seq));
    if (missing.length > 0) {
      const list = JSON.stringify(missing);
      this.#hold(this.#sql.exec(`SELECT jobs.* FROM json_each(?) AS k CROSS JOIN jobs ON jobs.seq = k.value`, list));
    }
    return seqs.map((seq) => this.#bySeq.get(seq)).flatMap((held) => (held && !held.deleted ? [held.row] : []));
  }

  /** All rows of one image: a range of the key index (`0` is the character after `/`). */
  loadImage(encodedId: string): Row[] {
    return this.#load("key >= ?1 AND key < ?2 ORDER BY key", `${encodedId}/`, `${encodedId}0`);
  }

  /** Rows with numbers from `first` to `last`, in the order of arrival. */
  loadSpan(first: number, last: number, limit: number): Row[] {
    return this.#load("seq >= ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3", first, last, limit);
  }

  /** Rows with keys above `from` and up to `to` (null: to the end), in the order of bytes. */
  loadKeyRange(from: string, to: string | null, limit: number): Row[] {
    if (to === null) return this.#load("key > ?1 ORDER BY key LIMIT ?2", from, limit);
    return this.#load("key > ?1 AND key <= ?3 ORDER BY key LIMIT ?2", from, limit, to);
  }

  /** Rows of a run that wait for a grant and are due, the longest overdue first. */
  loadWaiting(lane: LaneCode, run: number, now: number, limit: number): Row[] {
    const due = "due <= ?3 AND hold <= ?3 ORDER BY due LIMIT ?4";
    return this.#load(`${WAITING} AND lane = ?1 AND run = ?2 AND ${due}`, lane, run, now, limit);
  }

  /** Rows that hold a slot, have no owner and are due: live lane first. */
  loadGrantedDue(now: number): Row[] {
    return this.#load(`${UNOWNED} AND due <= ?1 AND hold <= ?1 ORDER BY lane, due`, now);
  }

  /** Rows without an owner whose job at Ittybit is one of these. The granted rows are few; the list may be a page of anybody's. */
  loadJobs(jobs: readonly string[]): Row[] {
    return this.#load(`${UNOWNED} AND ittybit_job IN (SELECT value FROM json_each(?1))`, JSON.stringify(jobs));
  }

  /** Rows without an owner whose job was submitted before a time, at most 1,000. */
  loadStuck(before: number): Row[] {
    const stuck = "ittybit_job IS NOT NULL AND submitted_at < ? ORDER BY granted_at LIMIT 1000";
    return this.#load(`${UNOWNED} AND ${stuck}`, before);
  }

  #load(condition: string, ...params: SqlValue[]): Row[] {
    return this.#hold(this.#sql.exec(`SELECT ${COLUMNS} FROM jobs WHERE ${condition}`, ...params));
  }

  add(row: Row): Row {
    const held: HeldRow = { row, before: null, values: [], deleted: false };
    this.#byKey.set(row.key, held);
    this.#bySeq.set(row.seq, held);
    return row;
  }

  delete(row: Row): void {
    const held = this.#bySeq.get(row.seq);
    if (held) held.deleted = true;
  }

  /** Every row whose place in the counts may have changed. */
  *changes(): Generator<Change> {
    for (const { row, before, deleted } of this.#bySeq.values()) {
      if (before !== null || !deleted) yield { before, after: deleted ? null : row, row };
    }
  }

  /**
   * Writes every row back, and of each only the columns that changed: SQLite writes an index entry anew when a statement names one
   * of its columns, even with the same value. `updated` changes with the indexed columns only, not with bookkeeping.
   */
  flush(now: number): void {
    const held = [...this.#bySeq.values()];
    this.#deleteAll(held.filter(({ deleted, before }) => deleted && before !== null));
    for (const { row, before, values, deleted } of held) {
      if (deleted) continue;
      if (before === null) this.#sql.exec(INSERT, row.seq, row.key, ...valuesOf(row));
      else this.#update(row, values, now);
    }
  }

  #update(row: Row, before: SqlValue[], now: number): void {
    let after = valuesOf(row);
    const isChanged = (column: number): boolean => after[column] !== before[column];
    if (INDEXED.some(isChanged)) {
      row.updated = now;
      after = valuesOf(row);
    }
    const changed = [...after.keys()].filter(isChanged);
    if (changed.length === 0) return;
    const set = changed.map((column) => `${COLUMN_NAMES[column]} = ?`).join(", ");
    this.#sql.exec(`UPDATE jobs SET ${set} WHERE seq = ?`, ...changed.map((column) => after[column] ?? null), row.seq);
  }

  #hold(found: SqlRow[]): Row[] {
    const rows: Row[] = [];
    for (const raw of found) {
      const known = this.#bySeq.get(Number(raw.seq));
      if (known) {
        if (!known.deleted) rows.push(known.row);
        continue;
      }
      const row = rowFrom(raw);
      const before = { state: row.state, lane: row.lane, run: row.run };
      const held: HeldRow = { row, before, values: valuesOf(row), deleted: false };
      this.#byKey.set(row.key, held);
      this.#bySeq.set(row.seq, held);
      rows.push(row);
    }
    return rows;
  }

  #deleteAll(held: HeldRow[]): void {
    if (held.length === 0) return;
    const list = JSON.stringify(held.map(({ row }) => row.seq));
    this.#sql.exec("DELETE FROM jobs WHERE seq IN (SELECT value FROM json_each(?))", list);
    deleteBelongings(this.#sql, list);
  }
}

/** Deletes rows by number without loading them, but for those that somebody owns just now; the numbers of the deleted ones. */
export function deleteUnowned(sql: Sql, seqs: readonly number[]): Set<number> {
  const query = "DELETE FROM jobs WHERE owner IS NULL AND seq IN (SELECT value FROM json_each(?)) RETURNING seq";
  const gone = new Set(sql.exec(query, JSON.stringify(seqs)).map((raw) => int(raw.seq)));
  deleteBelongings(sql, JSON.stringify([...gone]));
  return gone;
}

/** Deletes what other tables hold of rows; `list` is a JSON array of their numbers. */
function deleteBelongings(sql: Sql, list: string): void {
  for (const table of ["attempts", "joins"])
    sql.exec(`DELETE FROM ${table} WHERE seq IN (SELECT value FROM json_each(?))`, list);
}
