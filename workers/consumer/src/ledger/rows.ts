import { COLUMNS, type LaneCode, NARROW, narrowOf, type Row, rowFrom, type StateCode, WIDE, wideOf } from "./row.ts";
import type { Sql, SqlRow, SqlValue } from "./sql.ts";

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

interface Held {
  row: Row;
  before: Standing | null;
  wide: string;
  narrow: string;
  deleted: boolean;
}

const SET_NARROW = NARROW.map((name, index) => `${name} = j.value ->> ${index + 1}`).join(", ");
const SET_WIDE = WIDE.map((name, index) => `${name} = j.value ->> ${NARROW.length + index + 1}`).join(", ");
const INSERT_VALUES = [...Array(WIDE.length + NARROW.length + 2).keys()]
  .map((index) => `value ->> ${index}`)
  .join(", ");
/** JSON arrays are cut so that no parameter grows beyond what SQLite takes at ease. */
const CHUNK = 500;

/** The rows a transaction has in hand: each is loaded once, changed in place, and written back by the cheapest statement that does. */
export class Rows {
  readonly #sql: Sql;
  readonly #byKey = new Map<string, Held>();
  readonly #bySeq = new Map<number, Held>();

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

  /** Moves a row to another of its askers, who has counted it all along: no count changes. */
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
    return this.loadWhere("key >= ?1 AND key < ?2 ORDER BY key", `${encodedId}/`, `${encodedId}0`);
  }

  /** Rows by a condition over columns of `jobs`, in its order. */
  loadWhere(condition: string, ...params: SqlValue[]): Row[] {
    return this.#hold(this.#sql.exec(`SELECT ${COLUMNS} FROM jobs WHERE ${condition}`, ...params));
  }

  add(row: Row): Row {
    const held: Held = { row, before: null, wide: "", narrow: "", deleted: false };
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

  /** Writes everything back; `updated` moves with state, lane, owner and due, not with mere bookkeeping. */
  flush(now: number): void {
    const held = [...this.#bySeq.values()];
    this.#deleteAll(held.filter(({ deleted, before }) => deleted && before !== null));
    const kept = held.filter(({ deleted }) => !deleted);
    this.#insertAll(kept.filter(({ before }) => before === null).map(({ row }) => row));
    const known = kept.filter(({ before }) => before !== null);
    const wide = known.filter((one) => one.wide !== JSON.stringify(wideOf(one.row)));
    for (const { row } of wide) row.updated = now;
    const wideSeqs = new Set(wide.map(({ row }) => row.seq));
    const narrow = known.filter(
      (one) => !wideSeqs.has(one.row.seq) && one.narrow !== JSON.stringify(narrowOf(one.row)),
    );
    this.#update(
      wide.map(({ row }) => row),
      `${SET_NARROW}, ${SET_WIDE}`,
    );
    this.#update(
      narrow.map(({ row }) => row),
      SET_NARROW,
    );
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
      const held: Held = {
        row,
        before,
        wide: JSON.stringify(wideOf(row)),
        narrow: JSON.stringify(narrowOf(row)),
        deleted: false,
      };
      this.#byKey.set(row.key, held);
      this.#bySeq.set(row.seq, held);
      rows.push(row);
    }
    return rows;
  }

  #insertAll(rows: Row[]): void {
    for (let at = 0; at < rows.length; at += CHUNK) {
      const list = rows.slice(at, at + CHUNK).map((row) => [row.seq, row.key, ...wideOf(row), ...narrowOf(row)]);
      this.#sql.exec(`INSERT INTO jobs (${COLUMNS}) SELECT ${INSERT_VALUES} FROM json_each(?)`, JSON.stringify(list));
    }
  }

  #update(rows: Row[], set: string): void {
    for (let at = 0; at < rows.length; at += CHUNK) {
      const list = rows.slice(at, at + CHUNK).map((row) => [row.seq, ...narrowOf(row), ...wideOf(row)]);
      this.#sql.exec(
        `UPDATE jobs SET ${set} FROM json_each(?) AS j WHERE jobs.seq = j.value ->> 0`,
        JSON.stringify(list),
      );
    }
  }

  #deleteAll(held: Held[]): void {
    if (held.length === 0) return;
    const list = JSON.stringify(held.map(({ row }) => row.seq));
    for (const table of ["jobs", "attempts", "joins"]) {
      this.#sql.exec(`DELETE FROM ${table} WHERE seq IN (SELECT value FROM json_each(?))`, list);
    }
  }
}
