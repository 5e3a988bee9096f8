import { UNHEARD_MS } from "@prewarm/shared/limits";
import type { Entry } from "../tables/hands.ts";
import { LIVE } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/** Slots taken at Ittybit, and how many of them are of generations whose job nobody has told. */
export interface Slots {
  used: number;
  unheard: number;
}

/** Jobs that may run at Ittybit: granted and not seen to end, or given up. Counted each time, never kept, so the number cannot drift. */
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

/** Granted long enough ago that its job's id should have been told. */
export function isUnheard({ memory, now }: Pick<LedgerTx, "memory" | "now">, entry: Entry): boolean {
  const { granted, job, gen, grantedAt } = entry;
  return granted && job === null && !memory.isEnded(gen) && now - grantedAt > UNHEARD_MS;
}

/** Viewers' jobs among the open ones that have their place in the budget already. */
export function liveGranted({ memory }: Pick<LedgerTx, "memory">): number {
  let granted = 0;
  for (const { entries } of memory.hands.list())
    for (const entry of entries.values()) if (entry.granted && entry.paidBy === LIVE) granted += 1;
  return granted;
}
