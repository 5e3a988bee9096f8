import { GO_MAX, HANDS_MAX, IDEMPOTENCY_MS } from "@prewarm/shared/limits";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { dueIds } from "../tables/due.ts";
import { dayOf } from "../tables/gate-state.ts";
import type { Entry, Hand } from "../tables/hands.ts";
import { BULK, isOpen, type LaneCode, LIVE, laneName, type Row, UPLOAD, WAITING } from "../tables/row.ts";
import { forsaken } from "../tables/runs.ts";
import { noteHeld } from "./auto-gate.ts";
import { admit, closedFor, isHeldBack } from "./gate.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { type Slots, slotsTaken } from "./slots.ts";
import { backToWaiting, cancelOpen, entryOf, isLocked, isStale, newGeneration } from "./transitions.ts";
import { webhookAddress } from "./webhook-address.ts";

/** Jobs that one call may take over. */
const TAKE_MAX = 12;
/** Touched rows that are read beyond the rows that handlers hold. */
const LOOKED_AT = 50;
/** Bulk leaves room for the viewers' and upload jobs of one call in every handler. */
const STANDBYS_MAX = { [LIVE]: HANDS_MAX, [UPLOAD]: HANDS_MAX, [BULK]: HANDS_MAX - GO_MAX } as const;
/** Attempts to find fresh rows in one call. Some fresh rows may be locked or cancelled. */
const TRIES = 4;

interface Hands {
  tx: LedgerTx;
  hand: Hand;
  /** Jobs that the handler can still take. */
  room: number;
  slots: Slots;
  /** More orphaned jobs exist than one call takes over. */
  isCut: boolean;
  /** The gate refused at least one job. */
  isRefused: boolean;
  /** Jobs per lane that wait only for a slot or a token. */
  waiting: Record<LaneCode, number>;
}

/**
 * Gives jobs to a handler, in this order: jobs that have ended, jobs whose POST must be repeated, jobs that may be
 * POSTed, jobs to prepare. A viewer's job may be POSTed in the call that hands it out. `standby`: jobs to prepare that
 * the handler should hold, granted jobs not counted. Answers whether the handler, not the gate, is the bound. Then the
 * handler should call again as soon as it has room.
 */
export function handOut(tx: LedgerTx, hand: Hand, request: { room: number; standby: number }): boolean {
  if (isHeldBack(tx.gateNow)) return false;
  const room = Math.max(0, Math.min(request.room, HANDS_MAX));
  const one: Hands = { tx, hand, room, slots: slotsTaken(tx), isCut: false, isRefused: false, waiting: waiting(tx) };
  hand.alone = hasSuspect(tx, hand);
  if (hand.alone) one.room = 0;
  takeOver(one);
  standBy(one, [LIVE], request.standby);
  go(one);
  standBy(one, [UPLOAD, BULK], request.standby);
  return one.isCut || (!one.isRefused && standbys(one, BULK) > 0);
}

/** Whether the handler holds a suspect. Such a handler gets no other job. */
export function hasSuspect(tx: LedgerTx, hand: Hand): boolean {
  return tx.rows.loadIds([...hand.entries.keys()]).some(({ crashes }) => crashes > 0);
}

/** A suspect is given only to a handler that holds no job. */
function mayTake(one: Hands, row: Row): boolean {
  return row.crashes === 0 || one.hand.entries.size === 0;
}

function give(one: Hands, row: Row, entry: Entry): void {
  one.tx.memory.hands.put(one.hand, entry);
  one.hand.alone = row.crashes > 0;
  one.room = one.hand.alone ? 0 : one.room - 1;
}

/* ── What somebody left behind ── */

/**
 * Takes over orphaned jobs. A job that has ended needs no gate. A generation without a known job is POSTed again under
 * its key; it has its slot already.
 */
function takeOver(one: Hands): void {
  const { tx } = one;
  const all = leftBehind(tx);
  one.isCut = all.length > TAKE_MAX && one.room > TAKE_MAX;
  for (const { from, entry } of all.slice(0, TAKE_MAX)) {
    if (one.room <= 0) return;
    const row = tx.rows.byId(entry.id);
    if (row === null || isStale(row, entry) || isLocked(tx, row)) continue;
    if (isForsaken(tx, row)) continue;
    if (isOutdated(tx, row, entry)) {
      newGeneration(tx, row);
      row.due = tx.now;
      continue;
    }
    if (!mayTake(one, row) || (entry.job === null && !mayAskAgain(one, entry))) continue;
    tx.memory.hands.take(from, entry.id);
    give(one, row, { ...entry, first: false, ready: false, silent: false });
  }
}

/** Orphaned entries that are due. Entries that need no gate come first, and viewers' entries first among equals. */
function leftBehind(tx: LedgerTx): { from: Hand; entry: Entry }[] {
  const found: { from: Hand; entry: Entry }[] = [];
  for (const from of tx.memory.hands.list()) {
    if (!from.over) continue;
    for (const entry of from.entries.values()) {
      if (entry.due > tx.now || (entry.job !== null && !tx.memory.isEnded(entry.gen))) continue;
      if (entry.job === null && closedFor(tx.gateNow, laneName(entry.lane), true) !== null) continue;
      found.push({ from, entry });
    }
  }
  const needsGate = ({ entry }: { entry: Entry }) => (entry.job === null ? 1 : 0);
  return found.sort((a, b) => needsGate(a) - needsGate(b) || a.entry.lane - b.entry.lane);
}

/**
 * Whether the generation cannot be POSTed again. A key older than a day makes a second job. A key from before a restore
 * may have been used since, even if its job was not found.
 */
function isOutdated(tx: LedgerTx, row: Row, entry: Entry): boolean {
  if (entry.job !== null) return false;
  return row.gen < tx.memory.meta.restored || tx.now - entry.grantedAt > IDEMPOTENCY_MS;
}

function mayAskAgain(one: Hands, entry: Entry): boolean {
  const { tx } = one;
  const ask = { lane: laneName(entry.lane), gen: entry.gen, slots: one.slots, hasSlot: true };
  const answer = admit(tx.gateNow, { ...ask, outranked: isOutranked(one, entry.lane) });
  if ("code" in answer) return false;
  entry.notBefore = answer.notBefore;
  return true;
}

/* ── What may go ── */

/** Takes slots and tokens. No other code takes them. */
function go(one: Hands): void {
  const { tx, hand } = one;
  const rows = tx.rows.loadIds([...hand.entries.keys()]);
  const waiting = rows.filter((row) => row.state === WAITING).sort((a, b) => a.lane - b.lane);
  let begun = 0;
  for (const row of waiting) {
    const entry = hand.entries.get(row.id);
    if (entry === undefined || entry.granted || isStale(row, entry)) continue;
    if (row.lane !== LIVE && !entry.ready) continue;
    const ask = { lane: laneName(row.lane), gen: row.gen, slots: one.slots, hasSlot: false };
    const answer = admit(tx.gateNow, { ...ask, outranked: isOutranked(one, row.lane) });
    if ("code" in answer) {
      one.isRefused = true;
      noteHeld(tx.gateNow, answer);
      continue;
    }
    const paid = { day: dayOf(tx.now), paidBy: row.lane };
    const grant = { granted: true, first: true, grantedAt: tx.now, hook: webhookAddress(tx), ...paid };
    Object.assign(entry, grant, { notBefore: answer.notBefore });
    tx.memory.hands.touch(hand);
    tx.time("wait", tx.now - row.created);
    one.slots.used += 1;
    one.waiting[row.lane] -= 1;
    begun += 1;
    if (begun === GO_MAX) return;
  }
}

/** Whether a higher lane has jobs that could be POSTed now. Slots and tokens go to the higher lane first. */
function isOutranked({ waiting }: Hands, lane: LaneCode): boolean {
  return (lane > LIVE && waiting[LIVE] > 0) || (lane > UPLOAD && waiting[UPLOAD] > 0);
}

function waiting(tx: LedgerTx): Record<LaneCode, number> {
  const found: Record<LaneCode, number> = { [LIVE]: viewersWaiting(tx), [UPLOAD]: 0, [BULK]: 0 };
  for (const { over, entries } of tx.memory.hands.list()) {
    if (over) continue;
    for (const { granted, ready, lane } of entries.values()) if (!granted && (ready || lane === LIVE)) found[lane] += 1;
  }
  for (const lane of [LIVE, UPLOAD] as const) if (closedFor(tx.gateNow, laneName(lane)) !== null) found[lane] = 0;
  return found;
}

/** Viewers' jobs that no handler holds yet. */
function viewersWaiting(tx: LedgerTx): number {
  const ids = dueIds(tx.sql, LIVE, tx.now, LOOKED_AT).filter((id) => tx.memory.hands.holderOf(id) === null);
  return tx.rows.loadIds(ids).filter((row) => row.state === WAITING && !isLocked(tx, row)).length;
}

/* ── What is to be looked at ── */

function standBy(one: Hands, lanes: readonly LaneCode[], wanted: number): void {
  const { tx } = one;
  for (const lane of lanes) {
    if (isShut(tx, lane)) continue;
    const left = Math.min(one.room, Math.min(wanted, STANDBYS_MAX[lane]) - standbys(one, lane));
    if (left <= 0) continue;
    for (const row of candidates(one, lane, left)) {
      if (one.room > 0 && mayTake(one, row)) hold(one, row);
      // Put it back: a suspect must run alone.
      else backToWaiting(tx, row);
    }
  }
}

/**
 * Jobs to prepare that the handler holds, of this lane and of higher lanes. Jobs of lower lanes do not count, because
 * they yield to higher lanes and would keep those out of the handler for ever. Jobs of shut lanes do not count, because
 * they cannot be POSTed now.
 */
function standbys({ tx, hand }: Hands, lowest: LaneCode): number {
  const isCounted = (lane: LaneCode) => lane <= lowest && !isShut(tx, lane);
  return [...hand.entries.values()].filter(({ granted, lane }) => !granted && isCounted(lane)).length;
}

/** Whether the lane is closed for long: by a pause or by the budget. Both may close a single lane. */
function isShut(tx: LedgerTx, lane: LaneCode): boolean {
  const code = closedFor(tx.gateNow, laneName(lane))?.code;
  return code === "paused" || code === "budget";
}

function hold(one: Hands, row: Row): void {
  give(one, row, entryOf(one.tx, row));
}

/** Rows of a lane that can be handed out: touched rows that are due, then fresh rows. */
function candidates(one: Hands, lane: LaneCode, limit: number): Row[] {
  const { tx } = one;
  const { hands, fresh } = tx.memory;
  const held = hands.list().reduce((sum, { entries }) => sum + entries.size, 0);
  const due = dueIds(tx.sql, lane, tx.now, LOOKED_AT + held).filter((id) => hands.holderOf(id) === null);
  const found = free(one, due).slice(0, limit);
  for (let tries = 0; found.length < limit && tries < TRIES; tries += 1) {
    const ids = fresh.offer(tx.sql, lane, limit - found.length, (all) => freshOnes(tx, all));
    if (ids.length === 0) break;
    found.push(...free(one, ids));
  }
  return found;
}

/** The ids of a chunk whose rows are still untouched. */
function freshOnes(tx: LedgerTx, ids: number[]): number[] {
  const untouched = new Set(tx.rows.loadIds(ids).flatMap((row) => (row.due === null && isOpen(row) ? [row.id] : [])));
  return ids.filter((id) => untouched.has(id));
}

/** Rows that may be handed out. A row whose subscribers are all cancelled is cancelled instead. */
function free(one: Hands, ids: number[]): Row[] {
  const { tx } = one;
  const rows = tx.rows.loadIds(ids);
  tx.images.load(rows.map(({ key }) => encodedIdOfKey(key)));
  return rows.filter((row) => {
    if (row.state !== WAITING || tx.memory.hands.holderOf(row.id) !== null || isForsaken(tx, row)) return false;
    if (!isLocked(tx, row)) return mayTake(one, row);
    // Move it behind the others: at the front it would be read again in every call until the lock ends.
    tx.memory.fresh.postpone(row.id);
    return false;
  });
}

function isForsaken(tx: LedgerTx, row: Row): boolean {
  if (!forsaken(tx.runs, row)) return false;
  cancelOpen(tx, row);
  return true;
}
