import { HANDLER_WALL_MS } from "@prewarm/shared/limits";
import { decodeId } from "@prewarm/shared/variant-key";
import { deleteRenewals, dueRenewals, findRenewal, putRenewal, updateRenewal } from "../tables/renewals.ts";
import { DEAD, isOpen, type LaneCode, REFUSED, WAITING } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { newGeneration, orderAnew } from "./transitions.ts";

/** Every handler that began before the new original has ended by then, so it can put no object any more. */
const SECOND_LOOK_MS = HANDLER_WALL_MS + 60_000;
/** A look without a reported end is repeated after this. */
const LOOK_AGAIN_MS = 120_000;
/** Looks that one alarm begins. */
const LOOKS_AT_ONCE = 10;

/**
 * Notes that an original has changed. `order` grows with every change (compared as text after padding). An older order
 * is ignored. An equal order counts only with another etag. A known etag only moves the order on. Otherwise no object
 * made so far counts: waiting rows get a new generation, a renewal finds the objects in R2 and makes them again (old
 * bytes are served until then), and dead or refused variants may be asked for again.
 */
export function newOriginal(
  tx: LedgerTx,
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
  for (const row of tx.rows.loadImage(original.id)) {
    if (row.state === DEAD || row.state === REFUSED) row.deadUntil = 0;
    else if (isOpen(row)) {
      newGeneration(tx, row);
      if (row.state === WAITING) row.due = tx.now;
    }
  }
  putRenewal(tx.sql, { seq: image.floor, id: original.id, lane, look: 1, at: tx.now });
  return true;
}

/**
 * Compares orders. Numbers and hex counters of unequal length compare by length first, because the shorter one is
 * padded on the left.
 */
export function isNewer(order: string, than: string): boolean {
  const length = Math.max(order.length, than.length);
  return order.padStart(length, "0") > than.padStart(length, "0");
}

/* ── Renewals ── */

/** A look of a renewal: list the image's objects with their generations, then report them with `renewed`. */
export interface RenewalTask {
  renewal: number;
  /** The image's id, decoded. */
  id: string;
  look: 1 | 2;
}

/** The looks to make now. A look is repeated if its end is not reported in time, and after an eviction. */
export function renewalsDue(tx: LedgerTx): RenewalTask[] {
  const { looks } = tx.memory;
  const due = dueRenewals(tx.sql, tx.now, LOOKS_AT_ONCE).filter(({ seq }) => (looks.get(seq) ?? 0) <= tx.now);
  for (const { seq } of due) looks.set(seq, tx.now + LOOK_AGAIN_MS);
  return due.map(({ seq, id, look }) => ({ renewal: seq, id: decodeId(id), look }));
}

/** Applies a look: outdated objects without an open row become rows. The renewal looks again 16 minutes later. */
export function renewed(tx: LedgerTx, task: RenewalTask, objects: readonly { key: string; gen: number }[]): void {
  const renewal = findRenewal(tx.sql, task.renewal);
  tx.memory.looks.delete(task.renewal);
  if (renewal === null || renewal.look !== task.look) return;
  const { floor } = tx.images.get(renewal.id);
  const outdated = objects.filter(({ gen }) => gen < floor);
  tx.rows.loadKeys(outdated.map(({ key }) => key));
  for (const { key } of outdated) makeAnew(tx, key, renewal.lane);
  if (renewal.look === 1) updateRenewal(tx.sql, { seq: renewal.seq, look: 2, at: tx.now + SECOND_LOOK_MS });
  else deleteRenewals(tx.sql, renewal.id);
}

function makeAnew(tx: LedgerTx, key: string, lane: LaneCode): void {
  const row = tx.rows.get(key);
  if (row === null) {
    tx.insert(key, lane).due = tx.now;
    tx.count("accepted");
  } else if (row.state === DEAD || row.state === REFUSED) {
    tx.runs.leave(row);
    orderAnew(tx, row);
    row.lane = lane;
    tx.count("accepted");
  }
}
