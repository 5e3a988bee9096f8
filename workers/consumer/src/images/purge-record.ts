import { getDoc, putDoc } from "@prewarm/durable-queue/schema/docs";
import type { Sql } from "@prewarm/durable-queue/schema/sql";

/** What a purge has done. Times are Unix ms. */
export interface PurgeRecord {
  seq: number;
  /** The image's id, encoded. */
  image: string;
  orderedAt: number;
  /** When the first pass had deleted every older object. Null: it has not. */
  deletedAt: number | null;
  /** When the second pass had. Null: it has not. */
  doneAt: number | null;
}

/** Purges that are remembered. An operator asks about a recent one. */
const KEPT = 300;

/** The record of the last purge of an image (`image`: the id, encoded). Null: there was none of late. */
export function lastPurge(sql: Sql, image: string): PurgeRecord | null {
  return readPurges(sql).findLast((one) => one.image === image) ?? null;
}

export function notePurge(sql: Sql, { seq, image }: Pick<PurgeRecord, "seq" | "image">, now: number): void {
  const others = readPurges(sql).filter((one) => one.seq !== seq);
  write(sql, [...others, { seq, image, orderedAt: now, deletedAt: null, doneAt: null }].slice(-KEPT));
}

/** Notes the end of a pass. A purge that is not remembered any more stays so. */
export function notePass(sql: Sql, { seq, pass }: { seq: number; pass: 1 | 2 }, now: number): void {
  const purges = readPurges(sql);
  const one = purges.find((purge) => purge.seq === seq);
  if (one === undefined) return;
  if (pass === 1) one.deletedAt ??= now;
  else one.doneAt = now;
  write(sql, purges);
}

function readPurges(sql: Sql): PurgeRecord[] {
  return JSON.parse(getDoc(sql, "purges") ?? "[]") as PurgeRecord[];
}

function write(sql: Sql, purges: readonly PurgeRecord[]): void {
  putDoc(sql, "purges", JSON.stringify(purges));
}
