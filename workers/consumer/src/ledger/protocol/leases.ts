import { LEASE_MS } from "@prewarm/shared/limits";
import type { Entry, Hand } from "../tables/hands.ts";
import { CANCELLING, type Row } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { backToWaiting, cancelRow, dropStale, fail, isStale, takeOut } from "./transitions.ts";

/** Crashes a row may cause by itself. */
const LONE_CRASHES = 3;
/** The ledger was not reachable for so long: handlers may have died of that. */
const SLEPT_MS = 15_000;

/** A call or the alarm: the ledger is awake. */
export function wakeUp({ memory, now }: LedgerTx): void {
  if (now - memory.aliveAt > SLEPT_MS) memory.sleptAt = now;
  memory.aliveAt = now;
}

/** A document whose lease is good: its owner may act. */
export function isLive(hand: Hand, now: number): boolean {
  return !hand.over && hand.until > now;
}

/**
 * Takes back what was held under leases that are over. Blamed is only who had its lease from this instance, and not while the ledger
 * itself could not be reached: an outage kills handlers too.
 */
export function endLeases(tx: LedgerTx): void {
  const { memory, now } = tx;
  for (const hand of memory.hands.list()) {
    if (hand.over || hand.until > now) continue;
    const isAwake = memory.sleptAt <= hand.until - LEASE_MS;
    leaveBehind(tx, hand, hand.born === memory.born && isAwake);
  }
}

/** All leases, without blame. */
export function endAllLeases(tx: LedgerTx): void {
  for (const hand of tx.memory.hands.list()) if (!hand.over) leaveBehind(tx, hand, false);
}

/** The document is nobody's from now on: its owner has left, or its lease is over. */
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

/** What merely waits for Ittybit kills nobody. */
function isActing({ memory }: LedgerTx, entry: Entry, row: Row | null): boolean {
  if (row === null || isStale(row, entry) || row.state === CANCELLING) return false;
  return entry.job === null || entry.silent || memory.told.has(entry.gen);
}

/**
 * `crashes` is 1 after a crash that another row may have caused: the row is a suspect, and no two suspects run in one hand. Each
 * crash that only this row can have caused adds one. True when it is dead by it.
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
