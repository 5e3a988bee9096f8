import type { LaneCode } from "./row.ts";
import { int, type Sql, type SqlRow, text } from "./sql.ts";

/** A look into R2 for variants that a new original has outdated. */
export interface Renewal {
  seq: number;
  /** Encoded. */
  id: string;
  /** The lane in which found variants are made again. */
  lane: LaneCode;
  look: 1 | 2;
  /** Unix ms. */
  at: number;
}

/** Stores a renewal. It replaces earlier renewals of the image. */
export function putRenewal(sql: Sql, { seq, id, lane, look, at }: Renewal): void {
  sql.exec("DELETE FROM renewals WHERE id = ?", id);
  sql.exec("INSERT INTO renewals (seq, id, lane, look, at) VALUES (?, ?, ?, ?, ?)", seq, id, lane, look, at);
}

export function updateRenewal(sql: Sql, { seq, look, at }: Pick<Renewal, "seq" | "look" | "at">): void {
  sql.exec("UPDATE renewals SET look = ?, at = ? WHERE seq = ?", look, at, seq);
}

export function deleteRenewals(sql: Sql, id: string): void {
  sql.exec("DELETE FROM renewals WHERE id = ?", id);
}

/** Whether an image still has a renewal. `id` is encoded. */
export function isRenewing(sql: Sql, id: string): boolean {
  return sql.exec("SELECT 1 FROM renewals WHERE id = ? LIMIT 1", id).length > 0;
}

export function findRenewal(sql: Sql, seq: number): Renewal | null {
  const raw = sql.exec("SELECT * FROM renewals WHERE seq = ?", seq)[0];
  return raw === undefined ? null : renewalFrom(raw);
}

/** The renewals that are due, the longest overdue first. */
export function dueRenewals(sql: Sql, now: number, limit: number): Renewal[] {
  return sql.exec("SELECT * FROM renewals WHERE at <= ? ORDER BY at LIMIT ?", now, limit).map(renewalFrom);
}

function renewalFrom(raw: SqlRow): Renewal {
  const look = int(raw.look) === 2 ? 2 : 1;
  return { seq: int(raw.seq), id: text(raw.id), lane: int(raw.lane) as LaneCode, look, at: int(raw.at) };
}
