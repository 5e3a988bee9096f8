import { noteAccepted } from "./auto-gate.ts";
import { recordGood } from "./gate.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { abandon } from "./transitions.ts";

/** Notes the id of a job, whatever the source is. */
export function noteJob(tx: LedgerTx, { id, gen, job }: { id: number; gen: number; job: string }): void {
  const { hands, abandoned } = tx.memory;
  const held = hands.holderOf(id);
  if (held?.entry.gen === gen && held.entry.granted) {
    held.entry.silent = false;
    if (held.entry.job !== null) return;
    recordGood(tx.gateNow, gen);
    noteAccepted(tx.gateNow);
    held.entry.job = job;
    hands.touch(held.hand);
    return;
  }
  const given = abandoned.get(gen);
  if (given !== null) abandon(tx, { gen, job, grantedAt: given.grantedAt });
}
