import { GO_MAX, HANDS_MAX, IDEMPOTENCY_MS } from "@prewarm/shared/limits";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { dueIds } from "../tables/due.ts";
import { dayOf } from "../tables/gate-state.ts";
import type { Entry, Hand } from "../tables/hands.ts";
import { BULK, isOpen, type LaneCode, LIVE, laneName, type Row, UPLOAD, WAITING } from "../tables/row.ts";
import { forsaken } from "../tables/runs.ts";
import { admit, closedFor, isHeldBack } from "./gate.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { type Slots, slotsTaken } from "./slots.ts";
import { backToWaiting, cancelOpen, entryOf, isLocked, isStale, newGeneration } from "./transitions.ts";
import { webhookAddress } from "./webhook-address.ts";

/** Jobs that one call may take over. */
const TAKE_MAX = 12;
/** Touched rows looked at beyond those that are in hands. */
const LOOKED_AT = 50;
/** Bulk leaves hands a call's worth of room for what goes before it. */
const STANDBYS_MAX = { [LIVE]: HANDS_MAX, [UPLOAD]: HANDS_MAX, [BULK]: HANDS_MAX - GO_MAX } as const;
/** Fresh rows are offered so often in one call: some may be locked or cancelled. */
const TRIES = 4;

interface Hands {
  tx: LedgerTx;
  hand: Hand;
  /** Jobs it can take still. */
  room: number;
  slots: Slots;
  /** More is left behind than one call takes over. */
  isCut: boolean;
  /** The gate let something wait. */
  isRefused: boolean;
  /** Jobs that could be POSTed now had they a token, by lane. */
  waiting: Record<LaneCode, number>;
}

/**
 * Gives an owner what fits, in this order: what ended, what is to be asked again, what may go, what is to be looked at. A viewer's job
 * goes in the call that hands it out. `standby`: jobs to be looked at that it should hold, granted ones not counted. Answers whether
 * what bounds it is this handler, and not the gate: then it should call again as soon as it can do more.
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

/** Beside a suspect nothing is given. */
export function hasSuspect(tx: LedgerTx, hand: Hand): boolean {
  return tx.rows.loadIds([...hand.entries.keys()]).some(({ crashes }) => crashes > 0);
}

/** A suspect is given to empty hands only. */
function mayTake(one: Hands, row: Row): boolean {
  return row.crashes === 0 || one.hand.entries.size === 0;
}

function give(one: Hands, row: Row, entry: Entry): void {
  one.tx.memory.hands.put(one.hand, entry);
  one.hand.alone = row.crashes > 0;
  one.room = one.hand.alone ? 0 : one.room - 1;
}

/* ── What somebody left behind ── */

/** Jobs that were seen to end need no gate; those without a job are asked for again, under their key, and have their slot. */
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

/** Entries of nobody's that are due: first those that need no gate, of them viewers' first. */
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

/** A key older than a day makes a second job; one from before a restore, whose job was not found, may have been used since. */
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

/** Slot and token are taken here and nowhere else. */
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

/** What is short goes to the higher lane first: whether one above has jobs that could be POSTed now. */
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

/** Viewers' jobs that are in nobody's hands yet. */
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
      // Beside a suspect: it was offered, and is to be offered again.
      else backToWaiting(tx, row);
    }
  }
}

/**
 * Of this lane and those above it: a lower one's that must let them go first would keep them out of these hands for ever. Nor do those
 * that can go one day keep out what can go now.
 */
function standbys({ tx, hand }: Hands, lowest: LaneCode): number {
  const isCounted = (lane: LaneCode) => lane <= lowest && !isShut(tx, lane);
  return [...hand.entries.values()].filter(({ granted, lane }) => !granted && isCounted(lane)).length;
}

/** Closed for long, and not all lanes at once. */
function isShut(tx: LedgerTx, lane: LaneCode): boolean {
  const code = closedFor(tx.gateNow, laneName(lane))?.code;
  return code === "paused" || code === "budget";
}

function hold(one: Hands, row: Row): void {
  give(one, row, entryOf(one.tx, row));
}

/** Rows of a lane that can be handed out: touched ones that are due, then fresh ones. */
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

/** Which ids of a chunk have a row that nobody has touched. */
function freshOnes(tx: LedgerTx, ids: number[]): number[] {
  const untouched = new Set(tx.rows.loadIds(ids).flatMap((row) => (row.due === null && isOpen(row) ? [row.id] : [])));
  return ids.filter((id) => untouched.has(id));
}

/** Those that may be given; a row whose askers are all cancelled is cancelled instead. */
function free(one: Hands, ids: number[]): Row[] {
  const { tx } = one;
  const rows = tx.rows.loadIds(ids);
  tx.images.load(rows.map(({ key }) => encodedIdOfKey(key)));
  return rows.filter((row) => {
    if (row.state !== WAITING || tx.memory.hands.holderOf(row.id) !== null || isForsaken(tx, row)) return false;
    if (!isLocked(tx, row)) return mayTake(one, row);
    // Behind the others: at the front it would be walked past again and again while the lock is on.
    tx.memory.fresh.postpone(row.id);
    return false;
  });
}

function isForsaken(tx: LedgerTx, row: Row): boolean {
  if (!forsaken(tx.runs, row)) return false;
  cancelOpen(tx, row);
  return true;
}
