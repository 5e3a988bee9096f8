import { refund } from "../admission/budget.ts";
import { type Claim, paidOn } from "../tables/claim.ts";
import { laneName } from "../tables/lanes.ts";
import type { Row } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/*
 * The gate counts an admission, and these functions tell of it.
 */

/** Tells of an admitted job. `kind`: whether the queue has admitted it, or an earlier copy of the queue. */
export function charge(tx: QueueTx, claim: Claim, row: Row, kind: "admitted" | "adopted"): void {
  claim.admitted = { ...row };
  tx.onEvent({ kind, admittedAt: claim.admittedAt }, row);
}

/** Takes an admission back that made no job. */
export function takeBack(tx: QueueTx, claim: Claim): void {
  refund(tx.gateNow, laneName(tx.lanes, claim.paidBy), paidOn(claim));
  claim.refunded = true;
  tx.onEvent({ kind: "refunded", admittedAt: claim.admittedAt }, claim.admitted ?? tx.rows.byId(claim.id));
}

/** Tells of a paid job that stored nothing. `why`: the code of its failure, or how it became useless. */
export function waste(tx: QueueTx, claim: Claim, why: string): void {
  if (claim.state !== "admitted" || claim.refunded) return;
  tx.onEvent({ kind: "wasted", admittedAt: claim.admittedAt, why }, claim.admitted);
}
