import { refund } from "../admission/budget.ts";
import { type Claim, paidOn } from "../tables/claim.ts";
import { laneName } from "../tables/lanes.ts";
import type { Row } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/*
 * What a job costs, by dimension. The gate counts an admission, and these functions count the same job by its places.
 */

/** The place of jobs whose row is gone, and that another instance has admitted. */
const UNKNOWN = { group: "", part: "", run: 0 };

/** Counts an admitted job. */
export function charge(tx: QueueTx, claim: Claim, row: Row): void {
  claim.places = tx.costPlaces(row);
  tx.addCost(claim.places, paidOn(claim), [1, 0, 0]);
}

/** Takes an admission back that made no job. */
export function takeBack(tx: QueueTx, claim: Claim): void {
  refund(tx.gateNow, laneName(tx.lanes, claim.paidBy), paidOn(claim));
  const places = claim.places ?? tx.costPlaces(tx.rows.byId(claim.id) ?? UNKNOWN);
  tx.addCost(places, paidOn(claim), [-1, 0, 0]);
  claim.refunded = true;
}

/** Counts a paid job that stored nothing. `why`: the code of its failure, or how it became useless. */
export function countMistake(tx: QueueTx, claim: Claim, why: string): void {
  if (claim.state === "admitted" && !claim.refunded) tx.addCost([`mistake ${why}`], paidOn(claim), [1, 0, 0]);
}
