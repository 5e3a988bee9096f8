import { int, intOrNull, type Sql, text } from "@prewarm/durable-queue";
import { printChange } from "@prewarm/shared/changes";
import { decodeId } from "@prewarm/shared/variant-key";

/** The row that stands for every image: its number is `before` of the changes object. No image has this id. */
const EVERY_IMAGE = "";

/**
 * Notes that an image (`id`: encoded) has changed. `seq`: a number above the fences of the change. `forced`: the fence
 * of a forced order, which has no other column; 0: it was another change. `isFirst`: nothing can be older than it.
 */
export function putChange(sql: Sql, id: string, seq: number, { forced = 0, isFirst = false } = {}): void {
  const query = `INSERT INTO changes (id, first, seq, forced, told) VALUES (?1, ?4, ?2, ?3, NULL)
    ON CONFLICT (id) DO UPDATE SET seq = ?2, forced = max(forced, ?3), told = NULL`;
  sql.exec(query, id, seq, forced, isFirst ? seq : 0);
}

/** Notes that every object below a number may be older than a change of its image. */
export function putChangeOfAll(sql: Sql, seq: number): void {
  putChange(sql, EVERY_IMAGE, seq);
}

/** Forgets the change of an image that has changed only once, if nothing can be older than it. */
export function forgetOnlyChange(sql: Sql, id: string): void {
  sql.exec("DELETE FROM changes WHERE id = ? AND first = seq", id);
}

/** The number of the last change that the edges may not know. Null: they know all. */
export function lastUntold(sql: Sql): number | null {
  const seq = sql.exec("SELECT max(seq) AS seq FROM changes WHERE told IS NULL")[0]?.seq;
  return seq == null ? null : int(seq);
}

/** The number of the oldest change that the edges may not know. Null: they know all. */
export function firstUntold(sql: Sql): number | null {
  return intOrNull(sql.exec("SELECT min(seq) AS seq FROM changes WHERE told IS NULL")[0]?.seq);
}

/**
 * When the edges were told the last change of an image, Unix ms. Null: they were not yet. Undefined: no change is
 * remembered.
 */
export function toldAt(sql: Sql, id: string): number | null | undefined {
  const [raw] = sql.exec("SELECT told FROM changes WHERE id = ?", id);
  return raw === undefined ? undefined : intOrNull(raw.told);
}

/** Notes that the edges were told every change up to a number. `now`: Unix ms. */
export function noteTold(sql: Sql, seq: number, now: number): void {
  sql.exec("UPDATE changes SET told = ? WHERE told IS NULL AND seq <= ?", now, seq);
}

/** The number of EVERY_IMAGE that still counts: above `since`. 0: none. */
export function readBefore(sql: Sql, since: number): number {
  return int(sql.exec("SELECT seq FROM changes WHERE id = ? AND seq > ?", EVERY_IMAGE, since)[0]?.seq);
}

/** An entry of the changes object, as text, and the number of its change. */
export interface Entry {
  seq: number;
  entry: string;
}

const COLUMNS = `changes.id, changes.seq, purged, max(ifnull(floor, 0), forced) AS replaced, focals.fence, removals.id AS removal`;
const JOINS = `LEFT JOIN images ON images.id = changes.id LEFT JOIN focals ON focals.id = changes.id
  LEFT JOIN removals ON removals.id = changes.id`;

/** The entries of changes with numbers above `from` and below `to`, the newest first, at most so many. */
export function printRecent(sql: Sql, { from, to, most }: { from: number; to: number; most: number }): Entry[] {
  const query = `SELECT ${COLUMNS} FROM changes ${JOINS} WHERE changes.seq > ? AND changes.seq < ? AND changes.id != ?
    ORDER BY changes.seq DESC LIMIT ?`;
  return sql.exec(query, from, to, EVERY_IMAGE, most).map(printed);
}

/** The entries up to a number of images whose objects are still to be deleted, those that are due first, at most so many. */
export function printUnswept(sql: Sql, upTo: number, most: number): Entry[] {
  const query = `SELECT ${COLUMNS} FROM (SELECT DISTINCT image FROM sweeps WHERE kind = 'delete' ORDER BY at LIMIT ?) AS swept
    JOIN changes ON changes.id = swept.image ${JOINS} WHERE changes.seq <= ?`;
  return sql.exec(query, most, upTo).map(printed);
}

function printed({ id, seq, purged, replaced, fence, removal }: ReturnType<Sql["exec"]>[number]): Entry {
  const isRemoved = removal === null ? 0 : 1;
  const entry = printChange(decodeId(text(id)), [int(purged), int(replaced), int(fence), isRemoved]);
  return { seq: int(seq), entry };
}

/** Forgets the oldest changes up to a number that the edges were told, at most so many. */
export function dropChanges(sql: Sql, upTo: number, most: number): void {
  const oldest = "SELECT id FROM changes WHERE seq <= ? AND told IS NOT NULL AND id != ? ORDER BY seq LIMIT ?";
  sql.exec(`DELETE FROM changes WHERE id IN (${oldest})`, upTo, EVERY_IMAGE, most);
}
