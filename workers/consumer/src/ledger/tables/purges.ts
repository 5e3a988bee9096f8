import { int, intOrNull, type Sql, text, textOrNull } from "./sql.ts";

/** Stages of a purge: its first look is not through; or it is, and the second is to come. */
const FIRST_LOOK = 0;
const AWAITS_SECOND_LOOK = 1;

export type Look = "first" | "second";

/** A purge that is not through. */
export interface Purge {
  seq: number;
  encodedId: string;
  look: Look;
}

function stageOf(look: Look): number {
  return look === "first" ? FIRST_LOOK : AWAITS_SECOND_LOOK;
}

/** Notes a purge before its first look; `againAt` (Unix ms): when it is run anew unless it has ended. */
export function insertPurge(sql: Sql, seq: number, encodedId: string, againAt: number): void {
  sql.exec(
    "INSERT INTO purges (seq, id, done, again_at) VALUES (?, ?, ?, ?)",
    ...[seq, encodedId, FIRST_LOOK, againAt],
  );
}

/** Sends every purge of the image back to its first look. */
export function lookAgain(sql: Sql, encodedId: string, at: number): void {
  sql.exec("UPDATE purges SET done = ?, again_at = ? WHERE id = ?", FIRST_LOOK, at, encodedId);
}

/** The purges that are due, the longest overdue first. */
export function duePurges(sql: Sql, now: number, limit: number): Purge[] {
  const query = "SELECT seq, id, done FROM purges WHERE again_at <= ? ORDER BY again_at LIMIT ?";
  return sql.exec(query, now, limit).map((raw) => ({
    seq: int(raw.seq),
    encodedId: text(raw.id),
    look: int(raw.done) === AWAITS_SECOND_LOOK ? "second" : "first",
  }));
}

/** When the next purge is due, Unix ms; null when there is none. */
export function nextPurgeAt(sql: Sql): number | null {
  return intOrNull(sql.exec("SELECT min(again_at) AS at FROM purges")[0]?.at);
}

/** Sets when the purge is run anew. Its image, or null when the purge is no more. */
export function putOffPurge(sql: Sql, seq: number, againAt: number): string | null {
  return textOrNull(sql.exec("UPDATE purges SET again_at = ? WHERE seq = ? RETURNING id", againAt, seq)[0]?.id);
}

/** The image of a purge that stands before this look; null when it is past it or no more. */
export function imageOfPurge(sql: Sql, seq: number, look: Look): string | null {
  return textOrNull(sql.exec("SELECT id FROM purges WHERE seq = ? AND done = ?", seq, stageOf(look))[0]?.id);
}

export function awaitSecondLook(sql: Sql, seq: number, at: number): void {
  sql.exec("UPDATE purges SET done = ?, again_at = ? WHERE seq = ?", AWAITS_SECOND_LOOK, at, seq);
}

export function deletePurge(sql: Sql, seq: number): void {
  sql.exec("DELETE FROM purges WHERE seq = ?", seq);
}

/** True when a purge of the image has its first look still before it. */
export function awaitsFirstLook(sql: Sql, encodedId: string): boolean {
  return sql.exec("SELECT 1 FROM purges WHERE id = ? AND done = ? LIMIT 1", encodedId, FIRST_LOOK).length > 0;
}
