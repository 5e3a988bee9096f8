import { LIVE_OPEN_MAX, LOOKS_BURST_S, VAIN_MISSES } from "@prewarm/shared/limits";
import { encodedIdOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import type { ExchangeRequest, MissAsk } from "../contract.ts";
import type { Hand } from "../tables/hands.ts";
import { CANCELLED, DEAD, LIVE, REFUSED, type Row, WAITING } from "../tables/row.ts";
import { closedFor } from "./gate.ts";
import { hasSuspect } from "./hand-out.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { liveOpen } from "./open-jobs.ts";
import { entryOf, isLocked, orderAnew, raise, refuse } from "./transitions.ts";
import { viewedOf } from "./viewed.ts";

/**
 * Viewers missed these variants: rows are born, or come before others; what is free goes to this owner. Answers the keys of unknown
 * images: anybody can ask for anything, so before one takes a row, a slot or a token it is seen that there is such a picture.
 */
export function ask(tx: LedgerTx, hand: Hand, asks: ExchangeRequest["asks"]): Record<Answered, string[]> {
  tx.rows.loadKeys(asks.map(({ key }) => key));
  tx.images.load(asks.map(({ key }) => encodedIdOfKey(key)));
  const answered: Record<Answered, string[]> = { look: [], capped: [] };
  for (const one of asks) {
    const answer = askOne(tx, hand, one);
    if (answer !== null) answered[answer].push(one.key);
  }
  return answered;
}

/** What a handler is to do of a miss of which nothing is made now. */
type Answered = "look" | "capped";

function askOne(tx: LedgerTx, hand: Hand, one: MissAsk): Answered | null {
  const row = tx.rows.get(one.key);
  if (tx.images.get(encodedIdOfKey(one.key)).lock > tx.now) {
    if (row?.state === WAITING) raise(tx, row, LIVE);
    return null;
  }
  const wanted = row === null ? bear(tx, one) : want(tx, row, one);
  if (typeof wanted === "string") return wanted;
  if (wanted !== null) hold(tx, hand, wanted);
  return null;
}

/** Makes a row, unless the variant was stored since the miss, or viewers may make none. */
function bear(tx: LedgerTx, one: MissAsk): Row | Answered | null {
  if ((tx.memory.stored.at(one.key) ?? -1) >= one.at) return null;
  const closed = closedFor(tx.gateNow, "live");
  // A pause that Ittybit asked for passes soon.
  if (closed !== null && closed.code !== "throttled") return null;
  if (liveOpen(tx) >= LIVE_OPEN_MAX) return null;
  if (isCapped(tx, one.key)) return "capped";
  if (!mayBringVersion(tx, one)) return noteVain(tx);
  if (one.unknown === true && !isKnown(tx, one.key)) return takeLook(tx) ? "look" : noteVain(tx);
  noteOrder(tx, one);
  const row = tx.insert(one.key, LIVE);
  tx.count("accepted");
  if (one.refused === undefined) row.due = tx.now;
  else refuse(tx, row, one.refused);
  return one.refused === undefined ? row : null;
}

/** Whether the ledger itself has seen that there is such an image. */
function isKnown(tx: LedgerTx, key: string): boolean {
  const image = encodedIdOfKey(key);
  const { etag, ordering, floor } = tx.images.get(image);
  if (etag !== null || ordering !== null || floor > 0 || tx.memory.stored.at(key) !== null) return true;
  return tx.rows.loadImage(image).some(({ state }) => state !== REFUSED);
}

/** Unknown ids have a rate of their own. What is beyond it is forgotten: the next view asks again. */
function takeLook({ memory, config, now }: LedgerTx): boolean {
  const rate = config.limits.unknownPerSecond;
  const most = Math.max(1, rate * LOOKS_BURST_S);
  const { level, at } = memory.unknownLooks ?? { level: most, at: now };
  const filled = Math.min(most, level + (Math.max(0, now - at) / 1000) * rate);
  memory.unknownLooks = { level: filled >= 1 ? filled - 1 : filled, at: now };
  return filled >= 1;
}

/** Messages cost money, also those of which nothing comes: when far too many do, edges are told to send none of their kind for a while. */
function noteVain({ memory, config, gate, now }: LedgerTx): null {
  const { vainMisses } = memory;
  const { aLook, windowMs, quietMs } = VAIN_MISSES;
  if (now - vainMisses.since >= windowMs) Object.assign(vainMisses, { since: now, n: 0 });
  vainMisses.n += 1;
  const most = (aLook * config.limits.unknownPerSecond * windowMs) / 1000;
  if (vainMisses.n >= most && gate.quietUntil <= now) gate.quietUntil = now + quietMs;
  return null;
}

/** Whether viewers have ordered all of this image that they may today. */
function isCapped(tx: LedgerTx, key: string): boolean {
  return viewedOf(tx, encodedIdOfKey(key)).orders >= tx.config.limits.liveRowsPerImageDay;
}

function mayBringVersion(tx: LedgerTx, { key, signed }: MissAsk): boolean {
  const version = versionOfKey(key);
  if (version === null || signed === true || tx.config.v !== "limited") return true;
  const { versions } = viewedOf(tx, encodedIdOfKey(key));
  return versions.has(version) || versions.size < tx.config.limits.versionsPerImageDay;
}

function noteOrder(tx: LedgerTx, { key }: MissAsk): void {
  const viewed = viewedOf(tx, encodedIdOfKey(key));
  const version = versionOfKey(key);
  viewed.orders += 1;
  if (version !== null) viewed.versions.add(version);
}

function want(tx: LedgerTx, row: Row, one: MissAsk): Row | null {
  if (row.state === DEAD || row.state === REFUSED) {
    if (row.deadUntil > tx.now || isCapped(tx, one.key)) return null;
    noteOrder(tx, one);
    takeOver(tx, row);
  } else if (row.state === CANCELLED) takeOver(tx, row);
  else if (row.state === WAITING) raise(tx, row, LIVE);
  return row.state === WAITING ? row : null;
}

function takeOver(tx: LedgerTx, row: Row): void {
  tx.runs.leave(row);
  orderAnew(tx, row);
  row.lane = LIVE;
}

function hold(tx: LedgerTx, hand: Hand, row: Row): void {
  const { hands } = tx.memory;
  const isFree = hands.holderOf(row.id) === null && (row.due ?? 0) <= tx.now && !isLocked(tx, row);
  // A suspect is given out alone, and only by the hand-out.
  const isSuspicious = row.crashes > 0 || hasSuspect(tx, hand);
  if (isFree && !isSuspicious) hands.put(hand, entryOf(tx, row));
}
