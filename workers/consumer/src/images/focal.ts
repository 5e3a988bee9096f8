import type { JobKey, LaneCode } from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";
import { decodeId, encodeId, keyOfJob } from "@prewarm/shared/variant-key";
import { audit } from "../console/tables/audit.ts";
import { UPLOAD } from "../queue-settings.ts";
import { noteChange } from "./changes.ts";
import { isCropByFocal } from "./crops.ts";
import type { ImageTx } from "./image-tx.ts";
import { renewOpen } from "./new-original.ts";
import { beginSweep } from "./sweeps.ts";

/** Sets the point of an image for an operator. Null: the centre. Its crops are made again in the lane of uploads. */
export function setFocal(tx: ImageTx, id: string, focal: Focal | null, who: string): { changed: boolean } {
  const changed = moveFocal(tx, encodeId(id), focal, UPLOAD);
  if (changed) audit(tx, who, "image.focal", id, { focal });
  return { changed };
}

/**
 * Notes the point of an image (`id`: encoded). A new point outdates the crops that follow it, and no other variant:
 * waiting ones get a new generation, a sweep orders those in R2 again, and the old ones are served until then.
 */
export function moveFocal(tx: ImageTx, id: string, focal: Focal | null, lane: LaneCode): boolean {
  const image = tx.images.get(id);
  if (image.removed || String(image.focal) === String(focal)) return false;
  image.focal = focal;
  image.focalFloor = tx.next();
  renewOpen(
    tx,
    tx.rows.loadGroup(decodeId(id)).filter((row) => isCropByFocal(keyOfJob(row))),
  );
  beginSweep(tx, { seq: image.focalFloor, image: id, kind: "recrop", fence: image.focalFloor, lane });
  noteChange(tx, id);
  return true;
}

/** The points of jobs that make a crop by one, by the number of the job. */
export function focalsOf(tx: ImageTx, jobs: readonly (JobKey & { id: number })[]): Record<number, Focal> {
  const focals: Record<number, Focal> = {};
  for (const job of jobs) {
    const focal = isCropByFocal(keyOfJob(job)) ? tx.imageOf(job).focal : null;
    if (focal !== null) focals[job.id] = focal;
  }
  return focals;
}
