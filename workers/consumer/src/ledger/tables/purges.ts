import { int, intOrNull, type Sql, type SqlRow, text } from "./sql.ts";

/** An unfinished purge. */
export interface Purge {
  /** The number of the purge, which is the floor that it sets. */
  seq: number;
  /** Encoded. */
  id: string;
  look: 1 | 2;
  /** When the purge looks, or repeats a look without a reported end; Unix ms. */
  at: number;
  /** When the second look may be the last one. 0 during the first look. */
  last: number;
  /** 1: an object below the floor was stored during the look, so another look is due. */
  more: number;
}

export function insertPurge(sql: Sql, { seq, id, look, at, last, more }: Purge): void {
  const query = "INSERT INTO purges (seq, id, look, at, last, more) VALUES (?, ?, ?, ?, ?, ?)";
  sql.exec(query, seq, id, look, at, last, more);
}

export function updatePurge(sql: Sql, { seq, look, at, last, more }: Purge): void {
  sql.exec("UPDATE purges SET look = ?, at = ?, last = ?, more = ? WHERE seq = ?", look, at, last, more, seq);
}

export function deletePurge(sql: Sql, seq: number): void {
  sql.exec("DELETE FROM purges WHERE seq = ?", seq);
}

/** The purges that are due, the longest overdue first. */
export function duePurges(sql: Sql, now: number, limit: number): Purge[] {
  return sql.exec("SELECT * FROM purges WHERE at <= ? ORDER BY at LIMIT ?", now, limit).map(purgeFrom);
}

export function findPurge(sql: Sql, seq: number): Purge | null {
  const raw = sql.exec("SELECT * FROM purges WHERE seq = ?", seq)[0];
  return raw === undefined ? null : purgeFrom(raw);
}

/** The purges of an image. The table is small, because purges are rare. */
export function purgesOf(sql: Sql, id: string): Purge[] {
  return sql.exec("SELECT * FROM purges WHERE id = ?", id).map(purgeFrom);
}

/** When the next purge is due, Unix ms. Null: there is none. */
export function nextPurgeAt(sql: Sql): number | null {
  return intOrNull(sql.exec("SELECT min(at) AS at FROM purges")[0]?.at);
}

function purgeFrom(raw: SqlRow): Purge {
  const look = int(raw.look) === 2 ? 2 : 1;
  return { seq: int(raw.seq), id: text(raw.id), look, at: int(raw.at), last: int(raw.last), more: int(raw.more) };
}

/** All unfinished purges. */
export function unfinishedPurges(sql: Sql): Purge[] {
  return sql.exec("SELECT * FROM purges ORDER BY seq").map(purgeFrom);
}
