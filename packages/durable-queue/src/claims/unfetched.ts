import type { Opening } from "../admission/breaker.ts";
import { closeBreaker, isProbe, openBreaker } from "../admission/gate.ts";
import type { Failure, Unfetched } from "../calls.ts";
import type { Claim } from "../tables/claim.ts";
import { STORED } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/*
 * Results that cannot be fetched. Their jobs are kept, and handlers fetch their results again. If no result can be
 * fetched, the breaker stops new jobs: they would be paid for, and their results could not be stored. While the breaker
 * is open, one result at a time is fetched: the probe. A kept job comes before a new one, because its probe costs
 * nothing.
 */

/**
 * The host has a fault when no result was stored for this long and the results of this many jobs could not be fetched.
 * Chosen.
 */
const ALL_FAIL = { forMs: 30_000, jobs: 3 };

/** Notes that the result of a job could not be fetched. Opens the breaker if no result can be fetched. */
export function noteUnfetched(tx: QueueTx, claim: Claim, { isDenied, message }: Unfetched): void {
  const gate = tx.gateNow;
  const { unfetched } = gate.memory;
  if (!unfetched.has(claim.gen)) unfetched.set(claim.gen, { since: tx.now, message });
  const late = [...unfetched.values()].filter(({ since }) => tx.now - since >= ALL_FAIL.forMs);
  // An account that never gave a result has wrong access rules. Waiting does not correct that.
  const isClosed = isDenied && !hasStored(tx);
  const isProbes = isProbe(gate, claim.gen) && gate.state.breaker.results === true;
  if (late.length < ALL_FAIL.jobs && !isClosed && !isProbes) return;
  openBreaker(gate, noneFetched(message));
}

/** The status of the breaker is an answer of the service. The answer of the host is in the message. */
function noneFetched(message: string): Opening {
  return { status: null, reason: `No result can be fetched: ${message}`, results: true };
}

/** Notes that a result was given up. If it was the probe, the breaker stays open. */
export function noteGivenUp({ gateNow: gate }: QueueTx, { gen }: Claim, { message }: Failure): void {
  if (isProbe(gate, gen) && gate.state.breaker.results === true) openBreaker(gate, noneFetched(message));
}

/** Notes that a result was fetched and stored. */
export function noteFetched(tx: QueueTx): void {
  tx.memory.gate.unfetched.clear();
  if (tx.gate.breaker.results === true) closeBreaker(tx.gateNow);
}

function hasStored(tx: QueueTx): boolean {
  return tx.counts.some(({ state, n }) => state === STORED && n > 0);
}
