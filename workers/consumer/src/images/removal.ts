import type { Block } from "@prewarm/control-schema/removal";
import { audit } from "@prewarm/durable-queue/schema/audit";
import { getDoc, putDoc } from "@prewarm/durable-queue/schema/docs";
import { encodeId } from "@prewarm/shared/variant-key";
import type { ImageTx } from "./image-tx.ts";
import { purge } from "./purge.ts";
import { PASS_MS } from "./sweeps.ts";
import { countRemovals, deleteRemoval, findRemoval, putRemoval, REMOVALS_MAX } from "./tables/removals.ts";

/*
 * A removed image is blocked: its row in `removals` stops every order and every hand-out. R2 has the block too, below
 * `removed/`, because an older copy of this database has no row of it.
 */

/** Removes an image, and blocks it until `unblockImage`. A repeat sweeps once more. `full`: there are too many blocks. */
export function removeImage(tx: ImageTx, id: string, reason: string, who: string): { status: "removing" | "full" } {
  const block = { id: encodeId(id), reason, who, at: tx.now };
  if (findRemoval(tx.sql, block.id) === null && countRemovals(tx.sql) >= REMOVALS_MAX) return { status: "full" };
  remove(tx, block);
  audit(tx, who, "image.remove", id, { reason });
  return { status: "removing" };
}

function remove(tx: ImageTx, block: Block): void {
  const image = tx.images.get(block.id);
  const focal = image.focal !== null;
  // The next upload under this id is another original.
  Object.assign(image, { removed: true, etag: null, focal: null });
  const jobs = purge(tx, { seq: tx.next(), id: block.id });
  const known = findRemoval(tx.sql, block.id);
  putRemoval(tx.sql, known ?? { ...block, jobs, focal, objects: [], more: 0, checks: [] });
}

/** Lifts the block. What the edge is told of it is swept like a purge's objects. False: there was none. */
export function unblockImage(tx: ImageTx, id: string, who: string): boolean {
  const image = tx.images.get(encodeId(id));
  if (!image.removed) return false;
  image.removed = false;
  deleteRemoval(tx.sql, image.id);
  purge(tx, { seq: tx.next(), id: image.id });
  audit(tx, who, "image.unblock", id, {});
  return true;
}

/* ── After a restore ── */

const SEARCH = "removals";

/** Has the blocks that this copy lacks looked up in R2. */
export function askForBlocks(tx: ImageTx): void {
  putDoc(tx.sql, SEARCH, "asked");
  tx.imageMemory.asksForBlocks = true;
}

export function isAskingForBlocks(tx: ImageTx): boolean {
  tx.imageMemory.asksForBlocks ??= getDoc(tx.sql, SEARCH) === "asked";
  return tx.imageMemory.asksForBlocks;
}

/** A hold of the hand-out: until when, and until when it held before; Unix ms. */
interface Hold {
  until: number;
  before: number;
}

/** Until the blocks are found nothing is handed out, because an older copy may have jobs of a removed image. */
export function holdForBlocks({ gate, now }: ImageTx): Hold {
  const before = gate.heldUntil;
  gate.heldUntil = Math.max(before, now + PASS_MS);
  return { until: gate.heldUntil, before };
}

/** R2 has named its blocks: those that this copy lacks are set again, and their images are swept once more. */
export function blocksFound(tx: ImageTx, blocks: readonly Block[], { until, before }: Hold): void {
  for (const block of blocks) if (findRemoval(tx.sql, block.id) === null) remove(tx, block);
  if (tx.gate.heldUntil === until) tx.gate.heldUntil = before;
  putDoc(tx.sql, SEARCH, "found");
  tx.imageMemory.asksForBlocks = false;
}
