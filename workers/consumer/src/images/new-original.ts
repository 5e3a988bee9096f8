import {
  cancelJob,
  DEAD,
  isOpen,
  type LaneCode,
  newGeneration,
  REFUSED,
  type Row,
  WAITING,
} from "@prewarm/durable-queue";
import { decodeId } from "@prewarm/shared/variant-key";
import { noteChange } from "./changes.ts";
import type { ImageTx } from "./image-tx.ts";
import { beginSweep } from "./sweeps.ts";

/**
 * Notes that an original has changed. `order` grows with every change (compared as text after padding). An older order
 * is ignored. An equal order counts only with another etag. A known etag only raises the order. Otherwise all objects
 * are outdated: waiting rows get a new generation, a sweep orders the objects in R2 again, and viewers may ask for dead
 * or refused variants again.
 */
export function newOriginal(
  tx: ImageTx,
  original: { id: string; order: string; etag: string | null },
  lane: LaneCode,
): boolean {
  const image = tx.images.get(original.id);
  const { order, etag } = original;
  const isSameOrder = image.ordering === order;
  if (image.ordering !== null && !isSameOrder && !isNewer(order, image.ordering)) return false;
  const isSameBytes = etag !== null && etag === image.etag;
  if (isSameOrder && (etag === null || isSameBytes)) return false;
  image.ordering = order;
  image.etag = etag;
  if (isSameBytes) return false;
  image.floor = tx.next();
  const rows = tx.rows.loadGroup(decodeId(original.id));
  for (const row of rows) if (row.state === DEAD || row.state === REFUSED) row.deadUntil = 0;
  renewOpen(tx, rows);
  beginSweep(tx, { seq: image.floor, image: original.id, kind: "remake", fence: image.floor, lane });
  noteChange(tx, original.id, rows.length === 0);
  return true;
}

/**
 * Gives open jobs a new generation. A job of the old one may be running, and its result does not count. A job that was to
 * be cancelled is cancelled now if no handler holds it any more: a new generation ends the claim that would do so later.
 */
export function renewOpen(tx: ImageTx, rows: readonly Row[]): void {
  for (const row of rows.filter(isOpen)) {
    newGeneration(tx, row);
    if (row.state === WAITING) row.due = tx.now;
    else cancelJob(tx, row.id);
  }
}

/**
 * Compares orders. Numbers and hex counters of unequal length compare by length first, because the shorter one is
 * padded on the left.
 */
export function isNewer(order: string, than: string): boolean {
  const length = Math.max(order.length, than.length);
  return order.padStart(length, "0") > than.padStart(length, "0");
}
