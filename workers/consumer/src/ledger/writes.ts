import { cancelAction, createAction } from "../console/actions.ts";
import { recordDead } from "../console/tables/dead-messages.ts";
import { setFocal } from "../images/focal.ts";
import { actOnImages } from "../images/image-actions.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { purgeImage } from "../images/purge.ts";
import { doctorDone, doctorSlice } from "../images/reconcile.ts";
import { removeImage, unblockImage } from "../images/removal.ts";
import { keepReport } from "./coverage-reports.ts";
import { listDeliveries } from "./deliveries.ts";
import { testEvent } from "./events.ts";
import { acceptChunk, countRefusals, exchange, finishDelivery, restored } from "./machine-calls.ts";
import { acknowledgeTrouble, actOnJob, cancelRun, noteExport, patchGate, promoteRun } from "./operator-calls.ts";
import { endSession } from "./tables/sign-ins.ts";
import { takeBack } from "./troubles/acknowledged.ts";

/**
 * Why a caller that has lost the answer may make a call again, or may not, whatever the platform says of the error: a call
 * whose error is marked `retryable` may have been heard.
 *
 * - `idempotent`: the arguments say what is meant (an owner and generations, a delivery, a message, a session), so the
 *   repeat changes nothing.
 * - `id`: the client adds an id, and the ledger answers a repeat of that id as it answered the first call.
 * - `once`: a repeat would count twice, so the client makes the call once. What gets lost is a count that is a lower bound
 *   anyway.
 */
export type Repeat = "idempotent" | "id" | "once";

/** A call that changes something. `follows`: the ledger wakes handlers and publishes after it. */
export interface Write<Kind extends Repeat, A extends unknown[], R> {
  repeat: Kind;
  follows: boolean;
  work(tx: ImageTx, ...args: A): R;
}

type Work<A extends unknown[], R> = (tx: ImageTx, ...args: A) => R;

/** A change with its follow-up. */
function change<Kind extends Repeat, A extends unknown[], R>(repeat: Kind, work: Work<A, R>): Write<Kind, A, R> {
  return { repeat, follows: true, work };
}

/** A change without a follow-up. */
function note<Kind extends Repeat, A extends unknown[], R>(repeat: Kind, work: Work<A, R>): Write<Kind, A, R> {
  return { repeat, follows: false, work };
}

/** Every write of the ledger, by its name. Each is one transaction (`Ledger.write`). */
export const WRITES = {
  exchange: change("idempotent", exchange),
  recordDead: note("idempotent", recordDead),
  acceptChunk: change("idempotent", acceptChunk),
  finishDelivery: note("idempotent", finishDelivery),
  noteDeliveries: note("id", listDeliveries),
  countRefusals: note("once", countRefusals),
  purgeImage: change("id", purgeImage),
  setFocal: change("id", setFocal),
  removeImage: change("id", removeImage),
  actOnImages: change("idempotent", actOnImages),
  unblockImage: change("id", unblockImage),
  cancelRun: change("id", cancelRun),
  promoteRun: change("id", promoteRun),
  retryJob: change("id", actOnJob("retry")),
  cancelJob: change("id", actOnJob("cancel")),
  createAction: change("id", createAction),
  cancelAction: change("idempotent", cancelAction),
  patchGate: change("id", patchGate),
  acknowledge: note("id", acknowledgeTrouble),
  takeBack: note("id", takeBack),
  endSession: note("idempotent", endSession),
  keepReport: note("id", keepReport),
  testEvent: change("id", testEvent),
  noteExport: note("id", noteExport),
  doctorSlice: change("id", doctorSlice),
  doctorDone: change("idempotent", doctorDone),
  restored: change("id", restored),
};

export type WriteName = keyof typeof WRITES;

/** The writes as a ledger in this process answers them. */
export type Writes = {
  [K in WriteName]: (typeof WRITES)[K] extends Write<Repeat, infer A, infer R> ? (...args: A) => R : never;
};
