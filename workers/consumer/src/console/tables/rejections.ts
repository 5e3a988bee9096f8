import type { Rejection } from "@prewarm/control-schema/warm";
import { int, type Sql, text } from "@prewarm/durable-queue";

/*
 * Rejected items of requests, kept with their run.
 */

/** Maximum of items per row and of characters per item, because the platform limits a row to 2 MB. */
const ITEMS_MAX = 1_000;
const TEXT_MAX_CHARS = 300;

export function addRejections(sql: Sql, run: number, items: readonly Rejection[], now: number): void {
  if (items.length === 0) return;
  const n = int(sql.exec("SELECT max(n) AS n FROM rejections WHERE run = ?", run)[0]?.n) + 1;
  const cut = items.slice(0, ITEMS_MAX).map(({ index, id, code, message }) => {
    return { index, id: id === null ? null : short(id), code, message: short(message) };
  });
  sql.exec("INSERT INTO rejections (run, n, at, body) VALUES (?, ?, ?, ?)", run, n, now, JSON.stringify(cut));
}

function short(told: string): string {
  return told.length <= TEXT_MAX_CHARS ? told : `${told.slice(0, TEXT_MAX_CHARS - 1)}…`;
}

/** The rejected items of a run from its n-th request on, request by request. */
export function readRejections(sql: Sql, run: number, from: number): { n: number; items: Rejection[] } | null {
  const raw = sql.exec("SELECT n, body FROM rejections WHERE run = ? AND n >= ? ORDER BY n LIMIT 1", run, from)[0];
  return raw === undefined ? null : { n: int(raw.n), items: JSON.parse(text(raw.body)) as Rejection[] };
}
