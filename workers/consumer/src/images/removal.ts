import type { Block } from "@prewarm/control-schema/removal";
import { decodeId, encodeId } from "@prewarm/shared/variant-key";
import { audit } from "../console/tables/audit.ts";
import { PASS_MS } from "../times.ts";
import { askedForBlocksAt, blocksKnown } from "./asking-for-blocks.ts";
import type { ImageTx } from "./image-tx.ts";
import { purge } from "./purge.ts";
import type { Image } from "./tables/images.ts";
import {
  countRemovals,
  deleteRemoval,
  findRemoval,
  putRemoval,
  REMOVALS_MAX,
  removedAmong,
  removedBefore,
} from "./tables/removals.ts";

/*
 * A removed image is blocked: its row in `removals` stops every order and every hand-out. R2 has the block too, below
 * `removed/`, because an older copy of this database has no row of it.
 */

/**
 * Removes an image under each of its spellings, or under none: a receipt of some of them would say too much. Blocks them
 * until `unblockImage`. A repeat sweeps once more. `full`: there are too many blocks.
 */
export function removeImage(
  tx: ImageTx,
  spellings: readonly string[],
  reason: string,
  who: string,
): { status: "removing" | "full" } {
  const ids = spellings.map(encodeId);
  const added = ids.length - removedAmong(tx.sql, ids).size;
  if (added > 0 && countRemovals(tx.sql) + added > REMOVALS_MAX) return { status: "full" };
  tx.images.load(ids);
  for (const id of ids) {
    remove(tx, { id, reason, who, at: tx.now });
    audit(tx, who, "image.remove", decodeId(id), { reason });
  }
  return { status: "removing" };
}

/** Removes the image of a block. Answers the number of its purge. */
export function remove(tx: ImageTx, block: Block): number {
  const image = tx.images.get(block.id);
  const focal = image.focal !== null;
  // The next upload under this id is another original.
  Object.assign(image, { removed: true, etag: null, focal: null });
  const seq = tx.next();
  const jobs = purge(tx, { seq, id: block.id });
  const known = findRemoval(tx.sql, block.id) ?? {
    ...block,
    jobs,
    focal,
    toldAt: null,
    objects: [],
    more: 0,
    checks: [],
  };
  // The removal in a restored copy may have been lifted since. This removal is newer.
  putRemoval(tx.sql, askedForBlocksAt(tx) === null ? known : { ...known, at: block.at });
  return seq;
}

/**
 * Lifts the blocks of an image's spellings. Purges them, because their notes still say that they are removed. False:
 * none was blocked.
 */
export function unblockImage(tx: ImageTx, spellings: readonly string[], who: string): boolean {
  const blocked = spellings.map((id) => tx.images.get(encodeId(id))).filter(({ removed }) => removed);
  for (const image of blocked) {
    lift(tx, image, who);
    purge(tx, { seq: tx.next(), id: image.id });
  }
  return blocked.length > 0;
}

function lift(tx: ImageTx, image: Image, who: string): void {
  image.removed = false;
  deleteRemoval(tx.sql, image.id);
  audit(tx, who, "image.unblock", decodeId(image.id), {});
}

/* ── After a restore ── */

/** The closed hand-out while R2 lists its blocks. Times are Unix ms. */
interface Hold {
  /** When the ledger began to ask for them. */
  asked: number | null;
  /** Until when the hand-out was closed before. */
  before: number;
}

/** Closes the hand-out until the blocks are found, because an older copy may have jobs of a removed image. */
export function holdForBlocks(tx: ImageTx): Hold {
  const before = tx.gate.closedUntil;
  tx.gate.closedUntil = Math.max(before, tx.now + PASS_MS);
  return { asked: askedForBlocksAt(tx), before };
}

/**
 * Compares the removals with the blocks in R2. Makes a removal again that this copy lacks. Lifts a removal without a
 * block, because it was lifted since the copy, and sweeps nothing: the image may have been uploaded again.
 */
export function blocksFound(tx: ImageTx, blocks: readonly Block[], { asked, before }: Hold): void {
  // After another restore R2 is asked again, because the list may be older than that copy.
  if (asked === null || askedForBlocksAt(tx) !== asked) return;
  const inR2 = new Set(blocks.map(({ id }) => id));
  for (const id of removedBefore(tx.sql, asked)) if (!inR2.has(id)) lift(tx, tx.images.get(id), "restore");
  for (const block of blocks) if (findRemoval(tx.sql, block.id) === null) remove(tx, block);
  tx.gate.closedUntil = before;
  blocksKnown(tx);
}
