import { LIVE } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/** Jobs that may run at Ittybit: granted and not seen to end, or given up. Counted each time, never kept, so the number cannot drift. */
export function slotsUsed({ memory }: Pick<LedgerTx, "memory">): number {
  let used = memory.abandoned.size;
  for (const { entries } of memory.hands.list())
    for (const { granted, gen } of entries.values()) if (granted && !memory.isEnded(gen)) used += 1;
  return used;
}

/** Viewers' jobs among the open ones that have their place in the budget already. */
export function liveGranted({ memory }: Pick<LedgerTx, "memory">): number {
  let granted = 0;
  for (const { entries } of memory.hands.list())
    for (const entry of entries.values()) if (entry.granted && entry.paidBy === LIVE) granted += 1;
  return granted;
}
