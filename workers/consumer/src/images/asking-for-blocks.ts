import { getDoc, putDoc } from "@prewarm/durable-queue";
import type { ImageTx } from "./image-tx.ts";

const DOC = "removals";
const KNOWN = "known";

/**
 * Asks R2 for the blocks of removed images, because this copy of the database may lack removals, and may have some that
 * were lifted since.
 */
export function askForBlocks(tx: ImageTx): void {
  keep(tx, tx.now);
}

/** When the ledger began to ask R2 for the blocks, Unix ms. Null: it knows them. */
export function askedForBlocksAt({ imageMemory, sql }: ImageTx): number | null {
  if (imageMemory.askedForBlocksAt === undefined) {
    const body = getDoc(sql, DOC);
    imageMemory.askedForBlocksAt = body === null || body === KNOWN ? null : Number(body);
  }
  return imageMemory.askedForBlocksAt;
}

/** The ledger knows the blocks. */
export function blocksKnown(tx: ImageTx): void {
  keep(tx, null);
}

function keep({ imageMemory, sql }: ImageTx, at: number | null): void {
  putDoc(sql, DOC, at === null ? KNOWN : String(at));
  imageMemory.askedForBlocksAt = at;
}
