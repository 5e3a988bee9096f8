import { MESSAGE_MAX_KEYS } from "@prewarm/shared/messages";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { backoff } from "../../platform/backoff.ts";
import { settingsOf } from "../tables/gate-state.ts";
import { nextWaitingRun } from "../tables/jobs.ts";
import { BULK, type LaneCode, LIVE, type Row, UPLOAD } from "../tables/row.ts";
import { cancellingRuns } from "../tables/runs.ts";
import type { Tx } from "../tables/tx.ts";
import { budgetLeft, laneClosed, probeFree, slotLimit, tokensBy } from "./gate.ts";
import { type SendWindow, WINDOW_MESSAGES } from "./send-window.ts";
import { slotsUsed } from "./slots.ts";

/** A wake-up to be sent: one original's keys. */
export interface Outgoing {
  keys: string[];
  lane: LaneCode;
}

/** Tokens that come free within this are worth a wake-up now: sending and claiming take about that long. */
const TOKENS_AHEAD_MS = 10_000;
const HOLD_BASE_MS = 60_000;
const HOLD_MAX_MS = 1_800_000;
/** Runs looked at in one go; more wait for their turn. */
const RUNS_MAX = 200;
const SUSPECTS_MAX = 5;

interface Plan {
  tx: Tx;
  window: SendWindow;
  out: Outgoing[];
  messages: number;
  /** Keys chosen or under way that will want a slot and a token. */
  keys: number;
  suspects: number;
}

/**
 * Sweep c: chooses the rows that are due and may run now, live lane first and runs in turn, and sets their hold. It takes only as
 * many as there are slots and tokens for, because the gate would send the others back. The hold is written before the send and
 * not again after it: that would cost a row for every variant.
 */
export function dispatch(tx: Tx, window: SendWindow, turn: number): Outgoing[] {
  const under = window.count(tx.now);
  const plan: Plan = { tx, window, out: [], messages: WINDOW_MESSAGES - under.messages, keys: under.keys, suspects: 0 };
  if (plan.messages <= 0) return [];
  takeGranted(plan);
  const used = slotsUsed(tx);
  for (const lane of [LIVE, UPLOAD, BULK] as const) takeLane(plan, lane, used, turn);
  return plan.out;
}

/** The sends failed: the rows are due again shortly. */
export function unsend(tx: Tx, window: SendWindow, keys: string[]): void {
  window.landed(keys);
  for (const row of tx.rows.loadKeys(keys)) if (row.owner === null && row.hold > tx.now) row.hold = tx.now + 1_000;
}

/**
 * Rows that hold a slot: at most as many as there are slots, and they need no further one. Without a job id they ask Ittybit
 * anew, for which their lane must be open; behind a breaker one of them may be the probe.
 */
function takeGranted(plan: Plan): void {
  const { tx } = plan;
  const rows = tx.rows.loadGrantedDue(tx.now);
  const isClosed = (row: Row) => row.ittybitJob === null && laneClosed(tx.gate, tx.config, row.lane, tx.now) !== null;
  for (const message of group(
    unlocked(
      tx,
      rows.filter((row) => !isClosed(row)),
    ),
  ))
    send(plan, message, false);
  const probe = unlocked(tx, rows).find((row) => isClosed(row) && mayProbe(plan, row.lane));
  if (probe !== undefined) send(plan, [probe], true);
}

/** The lane is closed by nothing but a breaker that waits for a probe, and none is on its way. */
function mayProbe({ tx, keys }: Plan, lane: LaneCode): boolean {
  const closed = laneClosed(tx.gate, tx.config, lane, tx.now);
  return closed?.code === "breaker" && probeFree(tx.gate, tx.now) && keys === 0;
}

function takeLane(plan: Plan, lane: LaneCode, used: number, turn: number): void {
  const { tx } = plan;
  const room = roomFor(plan, lane, used);
  if (room.keys <= 0 || plan.messages <= 0) return;
  const runs = runsWaiting(tx, lane);
  const perRun = Math.min(
    room.keys,
    plan.messages * MESSAGE_MAX_KEYS,
    Math.max(MESSAGE_MAX_KEYS, Math.ceil((2 * room.keys) / Math.max(runs.length, 1))),
  );
  const queues = rotate(runs, turn).map((run) => group(unlocked(tx, tx.rows.loadWaiting(lane, run, tx.now, perRun))));
  for (const message of inTurn(queues)) {
    const fits = message.slice(0, room.keys);
    // A part of a message costs as much as a whole one: it is sent only when nothing else is.
    if (fits.length === 0 || plan.messages <= 0 || (fits.length < message.length && plan.keys > 0)) return;
    if (send(plan, fits, true)) room.keys -= fits.length;
  }
}

/** How many keys of this lane could be granted if they were claimed now. */
function roomFor(plan: Plan, lane: LaneCode, used: number): { keys: number } {
  const { tx, keys } = plan;
  const settings = settingsOf(tx.gate, tx.config);
  const closed = laneClosed(tx.gate, tx.config, lane, tx.now);
  if (closed !== null) return { keys: mayProbe(plan, lane) ? 1 : 0 };
  const free = slotLimit(settings, lane) - used - keys;
  const tokens = tokensBy(tx.gate, settings, tx.now, tx.now + TOKENS_AHEAD_MS) - keys;
  return { keys: Math.min(free, tokens, budgetLeft(tx.gate, settings, lane, tx.now) - keys) };
}

/** The runs that have waiting rows in this lane: one step down the index for each. */
export function runsWaiting(tx: Tx, lane: LaneCode): number[] {
  const cancelled = new Set(cancellingRuns(tx.sql));
  const runs: number[] = [];
  for (let last = -1; runs.length < RUNS_MAX; ) {
    const next = nextWaitingRun(tx.sql, lane, last);
    if (next === null) break;
    last = next;
    if (!cancelled.has(last)) runs.push(last);
  }
  return runs;
}

function unlocked(tx: Tx, rows: Row[]): Row[] {
  tx.images.load(rows.map((row) => encodedIdOfKey(row.key)));
  return rows.filter((row) => tx.images.get(encodedIdOfKey(row.key)).purgingUntil <= tx.now);
}

/** Neighbours of one original, at most 20 to a message; a suspect goes alone. */
export function group(rows: Row[]): Row[][] {
  const messages: Row[][] = [];
  for (const row of rows) {
    const last = messages.at(-1);
    const mate = last?.[0];
    const joins = mate !== undefined && last !== undefined && last.length < MESSAGE_MAX_KEYS && sameImage(mate, row);
    if (joins && mate.crashes === 0 && row.crashes === 0) last.push(row);
    else messages.push([row]);
  }
  return messages;
}

function sameImage(a: Row, b: Row): boolean {
  return encodedIdOfKey(a.key) === encodedIdOfKey(b.key);
}

function* inTurn(queues: Row[][][]): Generator<Row[]> {
  for (let round = 0; queues.some((queue) => queue.length > round); round += 1) {
    for (const queue of queues) {
      const message = queue[round];
      if (message !== undefined) yield message;
    }
  }
}

function rotate<T>(list: T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function send(plan: Plan, rows: Row[], needsSlots: boolean): boolean {
  const suspect = rows.some((row) => row.crashes > 0);
  if (plan.messages <= 0 || (suspect && plan.suspects >= SUSPECTS_MAX)) return false;
  if (suspect) plan.suspects += 1;
  const { tx } = plan;
  let until = 0;
  for (const row of rows) {
    row.hold = tx.now + backoff(row.sends + 1, { first: HOLD_BASE_MS, longest: HOLD_MAX_MS });
    row.sends += 1;
    until = Math.max(until, row.hold);
  }
  const keys = rows.map((row) => row.key);
  plan.window.sent(keys, until, needsSlots);
  plan.out.push({ keys, lane: rows[0]?.lane ?? BULK });
  plan.messages -= 1;
  if (needsSlots) plan.keys += rows.length;
  return true;
}
