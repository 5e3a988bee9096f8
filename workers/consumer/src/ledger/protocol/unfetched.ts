import type { Unfetched } from "../contract.ts";
import type { Entry } from "../tables/hands.ts";
import { STORED } from "../tables/row.ts";
import { closeBreaker, isProbe, openBreaker } from "./gate.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/*
 * Results that cannot be fetched. Each such job is kept and fetched again (making/fetch-result.ts). When none can be fetched, the breaker stops
 * new jobs: they would be paid for, and their results could not be stored either. Kept jobs need no gate, so they are the free probes.
 */

/** When no result was stored for so long, while those of so many jobs could not be fetched, the host is at fault, and not a job. Chosen. */
const ALL_FAIL = { forMs: 30_000, jobs: 3 };

/** A job's result could not be fetched. Opens the breaker when no result can be. */
export function noteUnfetched(tx: LedgerTx, entry: Entry, { code, message }: Unfetched): void {
  const gate = tx.gateNow;
  const { unfetched } = gate.memory;
  if (!unfetched.has(entry.gen)) unfetched.set(entry.gen, tx.now);
  const late = [...unfetched.values()].filter((since) => tx.now - since >= ALL_FAIL.forMs);
  // Access rules of a project that never gave a result: a mistake in its settings, which no waiting mends.
  const isPrivate = code === "output_private" && !hasStored(tx);
  const isProbes = isProbe(gate, entry.gen) && gate.state.breaker.results === true;
  if (late.length < ALL_FAIL.jobs && !isPrivate && !isProbes) return;
  // The breaker's status is an answer of Ittybit's own; this one is the results' host's, and stands in the message.
  openBreaker(gate, { status: null, reason: `No result can be fetched: ${message}`, results: true });
}

/** A result was fetched and stored: the host gives results. */
export function noteFetched(tx: LedgerTx): void {
  tx.memory.gate.unfetched.clear();
  if (tx.gate.breaker.results === true) closeBreaker(tx.gateNow);
}

function hasStored(tx: LedgerTx): boolean {
  return tx.counts.some(({ state, n }) => state === STORED && n > 0);
}
