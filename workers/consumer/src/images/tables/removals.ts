import type { Block, FoundObject } from "@prewarm/control-schema/removal";
import { int, type Sql, text } from "@prewarm/durable-queue";

/** The removal of an image. While it has a row, no job of the image is accepted, ordered or handed out. */
export interface Removal extends Block {
  /** Jobs that it deleted. */
  jobs: number;
  /** A focal point was deleted. */
  focal: boolean;
  /** When the edges were told, Unix ms, as a pass noted it last. Null: they were not yet. */
  toldAt: number | null;
  /**
   * The objects that the passes found. `deletedAt`: the end of the pass that deleted it, Unix ms; null: it has not
   * ended.
   */
  objects: (FoundObject & { deletedAt: number | null })[];
  /** Objects that were found beyond those of the list. */
  more: number;
  /** The passes that ended: when (Unix ms), and how many objects each found. */
  checks: { at: number; found: number }[];
}

/** A row has 130 bytes for each object, and SQLite takes 2 MB. */
export const OBJECTS_MAX = 5_000;
/** Blocks do not expire, so their number is limited. Chosen: a row of 22 variants has some 3 kB. */
export const REMOVALS_MAX = 20_000;

export function findRemoval(sql: Sql, id: string): Removal | null {
  const raw = sql.exec("SELECT body FROM removals WHERE id = ?", id)[0];
  return raw === undefined ? null : (JSON.parse(text(raw.body)) as Removal);
}

export function putRemoval(sql: Sql, removal: Removal): void {
  sql.exec("INSERT OR REPLACE INTO removals (id, body) VALUES (?, ?)", removal.id, JSON.stringify(removal));
}

export function deleteRemoval(sql: Sql, id: string): void {
  sql.exec("DELETE FROM removals WHERE id = ?", id);
}

export function countRemovals(sql: Sql): number {
  return int(sql.exec("SELECT count(*) AS n FROM removals")[0]?.n);
}

/** The reasons of removals of images (encoded ids) above an id, in the order of ids. */
export function readReasons(sql: Sql, above: string, limit: number): { id: string; reason: string }[] {
  const query = "SELECT id, json_extract(body, '$.reason') AS reason FROM removals WHERE id > ? ORDER BY id LIMIT ?";
  return sql.exec(query, above, limit).map(({ id, reason }) => ({ id: text(id), reason: text(reason) }));
}

/** The images (encoded ids) whose removal was ordered before a time, Unix ms. */
export function removedBefore(sql: Sql, at: number): string[] {
  const query = "SELECT id FROM removals WHERE json_extract(body, '$.at') < ?";
  return sql.exec(query, at).map(({ id }) => text(id));
}

/** Which of these images (encoded ids) are removed. */
export function removedAmong(sql: Sql, ids: readonly string[]): Set<string> {
  const query = "SELECT removals.id FROM json_each(?) AS k JOIN removals ON removals.id = k.value";
  return new Set(sql.exec(query, JSON.stringify(ids)).map(({ id }) => text(id)));
}
