import { CANCELLED, deleteRow, isOpen } from "@prewarm/durable-queue";
import { decodeId, encodeId } from "@prewarm/shared/variant-key";
import { audit } from "../console/tables/audit.ts";
import { noteChange } from "./changes.ts";
import type { ImageTx } from "./image-tx.ts";
import { isNewer } from "./new-original.ts";
import { notePurge } from "./purge-record.ts";
import { beginSweep } from "./sweeps.ts";

/** Purges an image. `outdated`: the order of the deletion is older than the order of the image. */
export function purgeImage(
  tx: ImageTx,
  id: string,
  order: string | null,
  who: string,
): { status: "purging" | "outdated"; purge: string } {
  const image = tx.images.get(encodeId(id));
  if (order !== null && image.ordering !== null && isNewer(image.ordering, order))
    return { status: "outdated", purge: "" };
  if (order !== null) image.ordering = order;
  audit(tx, who, "image.purge", id, order === null ? {} : { order });
  return { status: "purging", purge: String(purgeNow(tx, image.id)) };
}

/** Purges an image (`id`: encoded) as a purge that an operator orders now. Answers the number of the purge. */
export function purgeNow(tx: ImageTx, id: string): number {
  // The next upload under this id is another original.
  tx.images.get(id).etag = null;
  const seq = tx.next();
  purge(tx, { seq, id });
  return seq;
}

/**
 * Raises the fence of an image (`id`: encoded) to `seq`, so that no older object counts, deletes its older rows, locks
 * it and sweeps its objects. Claims of live owners are stale from now on. Answers the number of deleted rows.
 */
export function purge(tx: ImageTx, { seq, id }: { seq: number; id: string }): number {
  const image = tx.images.get(id);
  image.floor = Math.max(image.floor, seq);
  image.purged = Math.max(image.purged, seq);
  const older = tx.rows.loadGroup(decodeId(id)).filter(({ gen }) => gen < seq);
  for (const row of older) {
    tx.imageMemory.stored.forget(row);
    deleteRow(tx, row, isOpen(row) ? CANCELLED : null);
  }
  beginSweep(tx, { seq, image: id, kind: "delete", fence: seq, lane: null });
  noteChange(tx, id);
  notePurge(image, tx.now);
  return older.length;
}

/** Continues a purge that was unfinished when an older copy was restored. The copy may be older than the purge. */
export function purgeGoesOn(tx: ImageTx, unfinished: { seq: number; id: string }): void {
  if (tx.images.get(unfinished.id).purged < unfinished.seq) purge(tx, unfinished);
}
