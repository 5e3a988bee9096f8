import { DEAD, isOpen, type LaneCode, PURGE, REFUSED, STORED } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { orderAnew } from "./transitions.ts";

/**
 * The upload system says that an original has changed. `order` grows with every change (compared as text after padding): an
 * older or equal one is ignored, and one with the etag that is known already only moves the order on. Otherwise no object made
 * so far counts any more: what is open or stored is made anew (old bytes serve until overwritten), what was dead may be asked again.
 */
export function newOriginal(
  tx: Tx,
  original: { id: string; order: string; sourceEtag: string | null },
  lane: LaneCode,
): boolean {
  const image = tx.images.get(original.id);
  if (image.ordering !== null && !isNewer(original.order, image.ordering)) return false;
  const sameBytes = original.sourceEtag !== null && original.sourceEtag === image.sourceEtag;
  image.ordering = original.order;
  image.sourceEtag = original.sourceEtag;
  if (sameBytes) return false;
  image.floor = tx.next();
  for (const row of tx.rows.loadImage(original.id)) {
    if (row.intent === PURGE) continue;
    if (row.state === DEAD || row.state === REFUSED) {
      row.deadUntil = 0;
    } else if (row.owner !== null) {
      row.again = 1;
    } else if (isOpen(row) || row.state === STORED) {
      if (row.state === STORED) {
        tx.runs.leave(row);
        row.lane = lane;
      }
      orderAnew(tx, row);
    }
  }
  return true;
}

/** Numbers and hex counters of unequal length compare by length first: the shorter is padded on the left. */
export function isNewer(order: string, than: string): boolean {
  const length = Math.max(order.length, than.length);
  return order.padStart(length, "0") > than.padStart(length, "0");
}
