import type { FoundObject } from "@prewarm/control-schema/removal";
import { DEAD, isLive, type LaneCode, orderAgain, REFUSED, rangeOfGroup } from "@prewarm/durable-queue";
import { decodeId, jobOfKey } from "@prewarm/shared/variant-key";
import { PASS_MS, SETTLED_MS } from "../times.ts";
import { askedForBlocksAt } from "./asking-for-blocks.ts";
import { noteChange } from "./changes.ts";
import { isCropByFocal } from "./crops.ts";
import type { ImageTx } from "./image-tx.ts";
import { notePass } from "./purge-record.ts";
import { noteCheck, noteFound } from "./removal-record.ts";
import { forgetOnlyChange } from "./tables/changes.ts";
import { deleteSweep, findSweep, purgesAt, putSweep, type Sweep } from "./tables/sweeps.ts";

/*
 * A sweep visits the objects of an image in R2 that are below a fence, in two passes: at once, and again when every
 * handler that began before the fence has ended, because an older handler can still put an object. A purge deletes the
 * objects, under a lock of the image. A new original orders their variants again, a new focal point orders the crops
 * among them again, and the old bytes are served until then.
 */

const AGAIN_MS = 5_000;

/** A pass to make now. */
export interface Pass extends Pick<Sweep, "seq" | "kind" | "fence" | "pass"> {
  /** The image's id, decoded. */
  id: string;
  /** The image is removed: deletes all its objects, and the original in a bucket of the site. */
  removes: boolean;
  /** The pass is taken until then, Unix ms. The time distinguishes it from a later pass, and from its own repeat. */
  until: number;
}

/**
 * Called before each delete. False: the pass must delete no more. `found`: the objects that a removal is about to
 * delete.
 */
export type GoOn = (found?: readonly FoundObject[]) => boolean;

/** A variant in R2. `gen`: the generation that made it; 0: Prewarm did not put it. */
export interface Found {
  key: string;
  gen: number;
}

/** The place of an image (`id`: encoded) among sweeps and jobs. */
export function placeOfImage(tx: Pick<ImageTx, "queueId">, id: string): number {
  return rangeOfGroup(decodeId(id), tx.queueId).from;
}

/** Begins a sweep. The follow-up of the call makes its first pass. */
export function beginSweep(tx: ImageTx, sweep: Omit<Sweep, "place" | "pass" | "at" | "since">): void {
  putSweep(tx.sql, { ...sweep, place: placeOfImage(tx, sweep.image), pass: 1, at: tx.now, since: tx.now });
  if (sweep.kind === "delete") lock(tx, sweep);
}

/**
 * Takes a pass that is due. Null: it is taken already; or it deletes, and a live handler holds newer work of the image;
 * or the image is removed, and after a restore R2 has not confirmed the block yet. Then the image stays locked, and the
 * pass is due again soon.
 */
export function takePass(tx: ImageTx, seq: number): Pass | null {
  const sweep = findSweep(tx.sql, seq);
  if (sweep === null || sweep.at > tx.now) return null;
  const { kind, fence, pass, image } = sweep;
  const removes = kind === "delete" && tx.images.get(image).removed;
  const isUnsure = removes && askedForBlocksAt(tx) !== null;
  const isBusy = isUnsure || (kind === "delete" && isHeld(tx, sweep));
  const until = take(tx, sweep, isBusy ? AGAIN_MS : PASS_MS);
  return isBusy ? null : { seq, kind, fence, pass, id: decodeId(image), removes, until };
}

/**
 * Whether a live handler holds work of the image. Deletes have no condition, so no put may come between list and
 * delete. A second pass waits for older work too.
 */
function isHeld(tx: ImageTx, { image, pass, fence }: Sweep): boolean {
  const { from, to } = rangeOfGroup(decodeId(image), tx.queueId);
  return tx.memory.claims.held().some((claim) => {
    if (claim.owner === null || !isLive(claim.owner, tx.now)) return false;
    return claim.id >= from && claim.id < to && (pass === 2 || claim.gen > fence);
  });
}

/**
 * Renews the lock before each delete. False: the pass is over, and must delete no more. `found`: the objects that the
 * pass of a removal is about to delete.
 */
export function passGoesOn(tx: ImageTx, pass: Pass, found: readonly FoundObject[] = []): boolean {
  const sweep = takenBy(tx, pass);
  if (sweep === null) return false;
  // The image was removed, or its block lifted, since: the next pass follows the new state.
  if (pass.removes !== (pass.kind === "delete" && tx.images.get(sweep.image).removed)) return false;
  pass.until = take(tx, sweep, PASS_MS);
  noteFound(tx, sweep.image, found);
  return true;
}

/** Ends a pass. A repeated report, and the report of a pass that is over, change nothing. */
export function passDone(tx: ImageTx, pass: Pass, found: readonly Found[]): void {
  const sweep = takenBy(tx, pass);
  if (sweep === null) return;
  if (sweep.lane !== null) remake(tx, sweep, sweep.lane, found);
  if (sweep.kind === "remake") tellAgain(tx, sweep, found);
  const checkAt = pass.removes ? noteCheck(tx, sweep.image) : null;
  const next = sweep.pass === 1 ? tx.now + SETTLED_MS : checkAt;
  if (next === null) deleteSweep(tx.sql, sweep.seq);
  else putSweep(tx.sql, { ...sweep, pass: 2, at: next, since: next });
  if (sweep.kind !== "delete") return;
  notePass(tx.images, sweep, tx.now);
  unlockImage(tx, sweep.image);
}

function takenBy(tx: ImageTx, { seq, until }: Pass): Sweep | null {
  const sweep = findSweep(tx.sql, seq);
  return sweep?.at === until && until > tx.now ? sweep : null;
}

function take(tx: ImageTx, sweep: Sweep, ms: number): number {
  const at = tx.now + ms;
  putSweep(tx.sql, { ...sweep, at });
  if (sweep.kind === "delete") lock(tx, sweep);
  return at;
}

function lock(tx: ImageTx, { image }: Pick<Sweep, "image">): void {
  tx.images.get(image).lock = tx.now + PASS_MS;
}

/**
 * Unlocks the image unless a purge of it has its first pass ahead or may be deleting now. The end of that pass unlocks.
 */
export function unlockImage(tx: ImageTx, encodedId: string): void {
  const isNeeded = ({ image, pass, at }: Sweep) => image === encodedId && (pass === 1 || at <= tx.now + PASS_MS);
  if (purgesAt(tx.sql, placeOfImage(tx, encodedId)).some(isNeeded)) return;
  // Jobs that were put off until the end of the lock get their places in line back. Failed ones keep their time.
  for (const row of tx.rows.loadGroup(encodedId)) if (row.due !== null && row.attempts === 0) row.due = row.created;
  tx.images.get(encodedId).lock = 0;
}

/**
 * Corrects the changes for the edges. A new image without jobs and objects has none that are older than its upload, so
 * its change is forgotten. An older object that the second pass finds was put late, so the change is noted again.
 */
function tellAgain(tx: ImageTx, { fence, image, pass }: Sweep, found: readonly Found[]): void {
  const isFirstChange = pass === 1 && tx.images.get(image).floor === fence;
  if (isFirstChange && found.length === 0) forgetOnlyChange(tx.sql, image);
  if (pass === 2 && found.some(({ gen }) => gen < fence)) noteChange(tx, image);
}

/** Orders the variants of outdated objects that have no open row. */
function remake(tx: ImageTx, { fence, kind, image }: Sweep, lane: LaneCode, found: readonly Found[]): void {
  if (tx.images.get(image).removed) return;
  const isSwept = ({ key, gen }: Found) => gen < fence && (kind === "remake" || isCropByFocal(key));
  const jobs = found.filter(isSwept).map(({ key }) => jobOfKey(key));
  tx.rows.loadKeys(jobs);
  for (const key of jobs) {
    const row = tx.rows.get(key);
    if (row !== null && row.state !== DEAD && row.state !== REFUSED) continue;
    const ordered = row ?? tx.insert(key, lane);
    if (row === null) ordered.due = tx.now;
    else orderAgain(tx, row, { lane, run: 0 });
    tx.onEvent({ kind: "accepted" }, ordered);
  }
}
