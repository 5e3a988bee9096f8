import { UNHEARD_MS } from "@prewarm/shared/limits";
import type { Entry } from "../tables/hands.ts";
import { LIVE } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/** Slots taken at Ittybit, and how many of them have an unreported job. */
export interface Slots {
  used: number;
  unheard: number;
}

/**
 * Counts the jobs that may run at Ittybit: granted and not observed to end, or given up. The number is counted each
 * time, so it cannot drift.
 */
export function slotsTaken(tx: Pick<LedgerTx, "memory" | "now">): Slots {
  const { memory } = tx;
  const taken: Slots = { used: 0, unheard: 0 };
  for (const { job } of memory.abandoned.list()) {
    taken.used += 1;
    if (job === null) taken.unheard += 1;
  }
  for (const { entries } of memory.hands.list())
    for (const entry of entries.values()) {
      if (!entry.granted || memory.isEnded(entry.gen)) continue;
      taken.used += 1;
      if (isUnheard(tx, entry)) taken.unheard += 1;
    }
  return taken;
}

/** Whether the entry was granted so long ago that the id of its job should be reported. */
export function isUnheard({ memory, now }: Pick<LedgerTx, "memory" | "now">, entry: Entry): boolean {
  const { granted, job, gen, grantedAt } = entry;
  return granted && job === null && !memory.isEnded(gen) && now - grantedAt > UNHEARD_MS;
}

/** Open viewers' jobs that have their place in the budget already. */
export function liveGranted({ memory }: Pick<LedgerTx, "memory">): number {
  let granted = 0;
  for (const { entries } of memory.hands.list())
    for (const entry of entries.values()) if (entry.granted && entry.paidBy === LIVE) granted += 1;
  return granted;
}
