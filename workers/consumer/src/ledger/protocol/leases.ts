import { LEASE_MS } from "@prewarm/shared/limits";
import { isOver } from "../tables/abandoned.ts";
import type { Entry, Hand } from "../tables/hands.ts";
import { CANCELLING, type Row } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { backToWaiting, cancelRow, dropStale, fail, isStale, takeOut } from "./transitions.ts";

/** Crashes that a row may cause alone. */
const LONE_CRASHES = 3;
/** After a silence of this length handlers may have died because the ledger was unreachable. */
const SLEPT_MS = 15_000;

/** Notes that the ledger is awake, at every call and alarm. */
export function wakeUp({ memory, now }: LedgerTx): void {
  if (now - memory.aliveAt > SLEPT_MS) memory.sleptAt = now;
  memory.aliveAt = now;
}

/** Whether the lease of the document holds. Its owner may act. */
export function isLive(hand: Hand, now: number): boolean {
  return !hand.over && hand.until > now;
}

/** Takes back the jobs of ended leases, and the slots of abandoned jobs whose time is over. */
export function sweep(tx: LedgerTx): void {
  wakeUp(tx);
  endLeases(tx);
  const { abandoned } = tx.memory;
  const over = abandoned.list().filter((one) => isOver(one, tx.now));
  abandoned.delete(
    tx.sql,
    over.map(({ gen }) => gen),
  );
}

/**
 * Takes back the jobs of ended leases. A crash counts only if this instance gave the lease and the ledger was reachable
 * during it: an outage kills handlers too.
 */
export function endLeases(tx: LedgerTx): void {
  const { memory, now } = tx;
  for (const hand of memory.hands.list()) {
    if (hand.over || hand.until > now) continue;
    const isAwake = memory.sleptAt <= hand.until - LEASE_MS;
    leaveBehind(tx, hand, hand.born === memory.born && isAwake);
  }
}

/** Ends every lease. No crash counts. */
export function endAllLeases(tx: LedgerTx): void {
  for (const hand of tx.memory.hands.list()) if (!hand.over) leaveBehind(tx, hand, false);
}

/** Orphans the document, because its owner has left or its lease has ended. */
export function leaveBehind(tx: LedgerTx, hand: Hand, blame: boolean): void {
  hand.over = true;
  tx.memory.hands.touch(hand);
  const entries = [...hand.entries.values()];
  const rows = new Map(tx.rows.loadIds(entries.map(({ id }) => id)).map((row) => [row.id, row]));
  const acting = blame ? entries.filter((entry) => isActing(tx, entry, rows.get(entry.id) ?? null)) : [];
  const suspects = acting.filter(({ id }) => (rows.get(id)?.crashes ?? 0) > 0);
  for (const entry of entries) {
    const row = rows.get(entry.id) ?? null;
    const isLone = acting.length === 1 || (suspects.length === 1 && suspects[0] === entry);
    if (row === null || isStale(row, entry)) dropStale(tx, { hand, entry }, row, false);
    else if (row.state === CANCELLING) cancelRow(tx, row);
    else if (acting.includes(entry) && accuse(tx, row, entry, isLone)) continue;
    else if (!entry.granted) {
      takeOut(tx, { hand, entry }, true);
      backToWaiting(tx, row);
    }
  }
}

/** Whether the handler was working on the job. A job that only waits for Ittybit cannot kill a handler. */
function isActing({ memory }: LedgerTx, entry: Entry, row: Row | null): boolean {
  if (row === null || isStale(row, entry) || row.state === CANCELLING) return false;
  return entry.job === null || entry.silent || memory.told.has(entry.gen);
}

/**
 * Counts a crash. `crashes` is 1 after a crash that another row may have caused. The row is a suspect then, and a
 * handler holds at most one suspect. Each crash that only this row can have caused adds 1. True: the row is dead now.
 */
function accuse(tx: LedgerTx, row: Row, entry: Entry, lone: boolean): boolean {
  row.crashes = Math.max(1, row.crashes) + (lone ? 1 : 0);
  row.due ??= tx.now;
  if (row.crashes <= LONE_CRASHES) return false;
  const message = `${LONE_CRASHES} handlers died at work on this job.`;
  row.attempts = Math.max(row.attempts, tx.config.limits.maxAttempts - 1);
  fail(tx, row, { entry, failure: { code: "crashed", message }, permanent: false });
  return true;
}
