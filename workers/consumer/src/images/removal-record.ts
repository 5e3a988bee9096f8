import type { FoundObject } from "@prewarm/control-schema/removal";
import { HANDLER_WALL_MS } from "@prewarm/shared/limits";
import type { ImageTx } from "./image-tx.ts";
import { findRemoval, OBJECTS_MAX, putRemoval, type Removal } from "./tables/removals.ts";

export interface RemovalView extends Removal {
  /** Until when a data centre may answer with a copy, Unix ms; null: not known yet. */
  edgeUntil: number | null;
  /** A look after that, and after the end of every older handler, has found nothing. */
  complete: boolean;
}

/** By then every handler that began before the removal has ended. */
export const SETTLED_MS = HANDLER_WALL_MS + 60_000;
const CHECKS_KEPT = 50;

/** Notes what a pass is about to delete, so that a pass that fails after its delete leaves no gap in the receipt. */
export function noteFound(tx: ImageTx, id: string, found: readonly FoundObject[]): void {
  const removal = findRemoval(tx.sql, id);
  if (removal === null || found.length === 0) return;
  const isKnown = ({ name, uploadedAt }: FoundObject) =>
    removal.objects.some((one) => one.name === name && one.uploadedAt === uploadedAt);
  for (const { name, bytes, uploadedAt } of found.filter((one) => !isKnown(one))) {
    if (removal.objects.length >= OBJECTS_MAX) removal.more += 1;
    else removal.objects.push({ name, bytes, uploadedAt, deletedAt: null });
  }
  putRemoval(tx.sql, removal);
}

/** Notes the end of a pass. Answers when the next check is due, Unix ms; null: the last one has found nothing. */
export function noteCheck(tx: ImageTx, id: string): number | null {
  const removal = findRemoval(tx.sql, id);
  if (removal === null) return null;
  const found = removal.objects.filter(({ deletedAt }) => deletedAt === null);
  for (const object of found) object.deletedAt = tx.now;
  removal.checks = [...removal.checks, { at: tx.now, found: found.length }].slice(-CHECKS_KEPT);
  putRemoval(tx.sql, removal);
  return isChecked(removal, tx.config.cacheSeconds) ? null : checkDueAt(removal, tx.config.cacheSeconds);
}

/** A removal as operators see it. `id`: encoded. Null: the image is not removed. */
export function removalView({ sql, config }: ImageTx, id: string): RemovalView | null {
  const removal = findRemoval(sql, id);
  if (removal === null) return null;
  const { cacheSeconds } = config;
  return { ...removal, edgeUntil: edgeUntil(removal, cacheSeconds), complete: isChecked(removal, cacheSeconds) };
}

/**
 * Until when a data centre may answer with a copy, Unix ms: it may have made one just before the last object was deleted.
 * Null: no pass has ended.
 */
function edgeUntil({ objects, checks }: Removal, cacheSeconds: number): number | null {
  const [first] = checks;
  if (first === undefined) return null;
  const deleted = objects.reduce((last, { deletedAt }) => Math.max(last, deletedAt ?? 0), first.at);
  return deleted + cacheSeconds * 1000;
}

/** When R2 can be looked at for the last time: older handlers have ended, and so have the copies of data centres. */
function checkDueAt(removal: Removal, cacheSeconds: number): number {
  return Math.max(removal.at + SETTLED_MS, edgeUntil(removal, cacheSeconds) ?? 0);
}

/** Whether a pass after that time has found nothing. */
function isChecked(removal: Removal, cacheSeconds: number): boolean {
  const last = removal.checks.at(-1);
  return last !== undefined && last.found === 0 && last.at >= checkDueAt(removal, cacheSeconds);
}
