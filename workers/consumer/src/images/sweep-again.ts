import { groupPlaceOf, NEIGHBOURS, type QueueTx } from "@prewarm/durable-queue";
import { purgesAt, putSweep } from "./tables/sweeps.ts";

/**
 * Sweeps an image once more, because an object below the fence of its purge was stored. `id`, `gen`: of the job that
 * made the object. A pass that is due will delete it, so it needs no other pass.
 */
export function sweepAgain(tx: QueueTx, id: number, gen: number): void {
  // A job at a later place of its key may lie among the places of the next image.
  const places = new Set([groupPlaceOf(id), groupPlaceOf(id - NEIGHBOURS)]);
  const purges = [...places].flatMap((place) => purgesAt(tx.sql, place)).filter(({ fence }) => gen < fence);
  const newest = purges.at(-1);
  if (newest === undefined || purges.some(({ at }) => at <= tx.now)) return;
  putSweep(tx.sql, { ...newest, seq: tx.next(), pass: 2, at: tx.now, since: tx.now });
}
