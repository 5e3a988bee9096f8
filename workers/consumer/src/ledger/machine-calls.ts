import { exchange as exchangeOf } from "@prewarm/durable-queue";
import type { FinishRequest } from "../console/calls.ts";
import { finishDelivery as finish } from "../console/finish-delivery.ts";
import { acceptImages } from "../images/accept-images.ts";
import { announcedOf } from "../images/announced.ts";
import type { AcceptAnswer, AcceptChunk, BeforeRestore } from "../images/calls.ts";
import { focalsOf } from "../images/focal.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { takeMisses } from "../images/misses.ts";
import { makeJpegs } from "../images/opaque-pngs.ts";
import { verbOf } from "../images/outcomes.ts";
import { imagesRestored } from "../images/restored-images.ts";
import { stagingOf } from "../images/staging.ts";
import type { DeliveryNote, ExchangeAnswer, ExchangeRequest, Noted } from "./calls.ts";
import { Deliveries, listDeliveries, withCounts } from "./deliveries.ts";
import { publishAgain } from "./gate-file.ts";

/* Calls of handlers, hooks and a restore that need more than one rule. Each is one transaction. */

/**
 * Everything that a handler says and asks, in one call: what became of its jobs, what it asks for, what it may do next. A
 * repeated call changes nothing but the lease, which is renewed to LEASE_MS, counted by the handler from before the call.
 */
export function exchange(tx: ImageTx, request: ExchangeRequest): ExchangeAnswer {
  const settled = request.settled.map((one) => ({ ...one, outcome: verbOf(one.outcome) }));
  const answer = exchangeOf(tx, { ...request, settled }, (owner) => {
    makeJpegs(tx, request.opaquePngs ?? []);
    return takeMisses(tx, owner, request.asks);
  });
  if (answer.status === "lost") return answer;
  const { give } = answer;
  const staging = stagingOf(tx, request.owner, give);
  return { ...answer, focals: focalsOf(tx, give), announced: announcedOf(tx, give), staging };
}

/** `note`: of a chunk with `finish`. The numbers of the answer are added to it. */
export function acceptChunk(tx: ImageTx, { note, ...chunk }: AcceptChunk & Noted): AcceptAnswer {
  const answer = acceptImages(tx, chunk);
  if (note !== undefined && answer.status === "done") listDeliveries(tx, [withCounts(note, answer, chunk.run.run)]);
  return answer;
}

/** Marks a delivery complete: the run leaves `accepting`. `repeat`: it was complete before; `mismatch`: with another hash. */
export function finishDelivery(
  tx: ImageTx,
  { note, ...request }: FinishRequest & Noted,
): "done" | "repeat" | "mismatch" {
  const end = finish(tx, request);
  if (note !== undefined && end === "done") listDeliveries(tx, [note]);
  return end;
}

/** Lists refusals that strangers or an overload cause. Memory has them for up to a minute, because they must cost no rows. */
export function countRefusals(tx: ImageTx, notes: DeliveryNote[]): void {
  tx.memory.of(Deliveries).add(notes, tx.now);
}

/**
 * The operator has restored an older copy of the database: numbers go on above all that were given, nothing is handed out
 * for two minutes, and the store is looked through. `before`: what the replaced ledger knew, where it could be asked.
 */
export function restored(
  tx: ImageTx,
  who: string,
  how: Record<string, unknown> = {},
  before: BeforeRestore | null = null,
): void {
  imagesRestored(tx, who, how, before);
  publishAgain(tx);
}
