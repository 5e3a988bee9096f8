import { noteSubmitted } from "./auto-gate.ts";
import { holdProbe, isProbe, recordGood } from "./gate.ts";
import { lateMs, slowness } from "./late-jobs.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { abandon } from "./transitions.ts";

/** Notes the id of a job, whatever the source is. */
export function noteJob(tx: LedgerTx, { id, gen, job }: { id: number; gen: number; job: string }): void {
  const { hands, abandoned } = tx.memory;
  const held = hands.holderOf(id);
  if (held?.entry.gen === gen && held.entry.granted) {
    held.entry.silent = false;
    if (held.entry.job !== null) return;
    if (isProbe(tx.gateNow, gen) && slowness(tx) !== null) holdProbe(tx.gateNow, tx.now + lateMs(tx));
    else recordGood(tx.gateNow, gen);
    noteSubmitted(tx.gateNow);
    held.entry.job = job;
    hands.touch(held.hand);
    return;
  }
  const given = abandoned.get(gen);
  if (given !== null) abandon(tx, { gen, job, grantedAt: given.grantedAt });
}
