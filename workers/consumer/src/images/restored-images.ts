import { beforeRestore, restored } from "@prewarm/durable-queue";
import { audit } from "../console/tables/audit.ts";
import { askForBlocks } from "./asking-for-blocks.ts";
import type { BeforeRestore } from "./calls.ts";
import { noteRestored } from "./changes.ts";
import type { ImageTx } from "./image-tx.ts";
import { purgeGoesOn } from "./purge.ts";
import { askDoctorTwice } from "./reconcile.ts";
import { listPurges } from "./tables/sweeps.ts";

/** The knowledge of the replaced ledger that its copy may lack. */
export function beforeImagesRestore(tx: ImageTx): BeforeRestore {
  const purges = listPurges(tx.sql).map(({ fence, image }) => ({ seq: fence, id: image }));
  return { ...beforeRestore(tx), purges };
}

/**
 * Applies the rules after an older copy of the database was restored. Unfinished purges go on: their pending deletes
 * land while the hand-out is closed. The doctor checks the store now, and again when every older handler has ended. R2
 * lists the blocks of removed images, because the copy may lack some.
 */
export function imagesRestored(
  tx: ImageTx,
  who: string,
  how: Record<string, unknown>,
  before: BeforeRestore | null,
): void {
  restored(tx, before);
  audit(tx, who, "ledger.restored", null, how);
  for (const purge of before?.purges ?? []) purgeGoesOn(tx, purge);
  noteRestored(tx);
  askDoctorTwice(tx);
  askForBlocks(tx);
}
