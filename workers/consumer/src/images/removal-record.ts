import type { FoundObject } from "@prewarm/control-schema/removal";
import { GONE_WITHIN_MS } from "@prewarm/shared/limits";
import { SETTLED_MS } from "../times.ts";
import { askedForBlocksAt } from "./asking-for-blocks.ts";
import type { ImageTx } from "./image-tx.ts";
import { toldAt } from "./tables/changes.ts";
import { findRemoval, OBJECTS_MAX, putRemoval, type Removal } from "./tables/removals.ts";

export interface RemovalView extends Removal {
  /**
   * Until when a data centre may answer with a copy, Unix ms; null: the edges have not been told of the removal yet.
   */
  edgeUntil: number | null;
  /**
   * A check after that, and after the end of every older handler, has found no object. False while a restored ledger
   * asks R2 for the blocks, because it may lack the removal of another spelling.
   */
  complete: boolean;
  /** When that check is due, or was made, Unix ms. Null while `edgeUntil` is not known. */
  completeAt: number | null;
}

const CHECKS_KEPT = 50;

/**
 * Notes objects before a pass deletes them, so that a pass that fails after its delete leaves no gap in the receipt.
 */
export function noteFound(tx: ImageTx, id: string, found: readonly FoundObject[]): void {
  const removal = findRemoval(tx.sql, id);
  if (removal === null || found.length === 0) return;
  const isKnown = ({ name, uploadedAt }: FoundObject) =>
    removal.objects.some((object) => object.name === name && object.uploadedAt === uploadedAt);
  for (const { name, bytes, uploadedAt } of found.filter((object) => !isKnown(object))) {
    if (removal.objects.length >= OBJECTS_MAX) removal.more += 1;
    else removal.objects.push({ name, bytes, uploadedAt, deletedAt: null });
  }
  putRemoval(tx.sql, removal);
}

/** Notes the end of a pass. Answers when the next check is due, Unix ms. Null: the last check has found no object. */
export function noteCheck(tx: ImageTx, id: string): number | null {
  const removal = findRemoval(tx.sql, id);
  if (removal === null) return null;
  const found = removal.objects.filter(({ deletedAt }) => deletedAt === null);
  for (const object of found) object.deletedAt = tx.now;
  removal.checks = [...removal.checks, { at: tx.now, found: found.length }].slice(-CHECKS_KEPT);
  const until = edgeUntil(tx, removal);
  putRemoval(tx.sql, removal);
  return isChecked(removal, until) ? null : checkDueAt(removal, until ?? tx.now + GONE_WITHIN_MS);
}

/** A removal as operators see it. `id`: encoded. Null: the image is not removed. */
export function removalView(tx: ImageTx, id: string): RemovalView | null {
  const removal = findRemoval(tx.sql, id);
  if (removal === null) return null;
  const until = edgeUntil(tx, removal);
  const [first, last] = [removal.checks[0] ?? removal, removal.checks.at(-1)];
  const complete = isChecked(removal, until) && askedForBlocksAt(tx) === null;
  const dueAt = until === null ? null : Math.max(first.at + SETTLED_MS, until);
  return { ...removal, edgeUntil: until, complete, completeAt: complete ? (last?.at ?? null) : dueAt };
}

/**
 * Until when a data centre may answer with a copy, Unix ms. Null: the edges have not been told yet. The time stays in
 * the removal when the change is forgotten.
 */
function edgeUntil({ sql }: ImageTx, removal: Removal): number | null {
  const told = toldAt(sql, removal.id);
  removal.toldAt = told === undefined ? removal.toldAt : told;
  return removal.toldAt === null ? null : removal.toldAt + GONE_WITHIN_MS;
}

/** The time of the last check: older handlers and copies of data centres have ended by then. */
function checkDueAt(removal: Removal, until: number): number {
  return Math.max(removal.at + SETTLED_MS, until);
}

/** Whether a pass after that time has found no object. `until`: the end of the copies. */
function isChecked(removal: Removal, until: number | null): boolean {
  const last = removal.checks.at(-1);
  return last !== undefined && until !== null && last.found === 0 && last.at >= checkDueAt(removal, until);
}
