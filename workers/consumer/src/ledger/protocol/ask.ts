import { LIVE_OPEN_MAX, LOOKS_BURST_S, LOOKS_KEPT, SILENCE, uselessMost } from "@prewarm/shared/limits";
import { encodedIdOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import { backoff } from "../../platform/backoff.ts";
import type { ExchangeRequest, MissAsk } from "../contract.ts";
import type { Hand } from "../tables/hands.ts";
import { CANCELLING, LIVE, REFUSED, type Row, WAITING } from "../tables/row.ts";
import { take } from "./bucket.ts";
import { budgetLeft, closedFor, isHeldBack } from "./gate.ts";
import { hasSuspect } from "./hand-out.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { liveOpen } from "./open-jobs.ts";
import { liveGranted } from "./slots.ts";
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
  // Orders of this call, which no count of the ledger's has yet.
  let ordered = 0;
  for (const one of asks) {
    const fate = askOne(tx, hand, one, ordered);
    if (fate === "ordered") ordered += 1;
    else if (fate !== "look") noteUseless(tx, fate === "vain" ? "vain" : "repeated");
    if (fate === "look" || fate === "capped") answered[fate].push(one.key);
  }
  return answered;
}

/** What a handler is to do of a miss of which nothing is made now. */
type Answered = "look" | "capped";

/** What becomes of a miss: work, a look, or nothing, since nothing may be made of it (`vain`) or nothing is new (`repeated`). */
type Fate = "ordered" | Answered | "vain" | "repeated";

function askOne(tx: LedgerTx, hand: Hand, one: MissAsk, ordered: number): Fate {
  const before = tx.rows.get(one.key);
  const fate = before === null ? bear(tx, one, ordered) : want(tx, before, one, ordered);
  const row = tx.rows.get(one.key);
  if (row?.state === WAITING && row.lane === LIVE) hold(tx, hand, row);
  return fate;
}

/** Makes a row, unless the variant was stored since the miss, or viewers may make none. */
function bear(tx: LedgerTx, one: MissAsk, ordered: number): Fate {
  if ((tx.memory.stored.at(one.key) ?? -1) >= one.at) return "repeated";
  if (isImageLocked(tx, one.key) || !mayOrder(tx, ordered)) return "repeated";
  if (isCapped(tx, one.key)) return "capped";
  if (!mayBringVersion(tx, one)) return "vain";
  if (one.unknown === true && !isKnown(tx, one.key)) return takeLook(tx, one.nth ?? 0) ? "look" : "vain";
  noteOrder(tx, one);
  const row = tx.insert(one.key, LIVE);
  tx.count("accepted");
  if (one.refused === undefined) row.due = tx.now;
  else refuse(tx, row, one.refused);
  return "ordered";
}

/** Whether the ledger itself has seen that there is such an image. */
function isKnown(tx: LedgerTx, key: string): boolean {
  const image = encodedIdOfKey(key);
  const { etag, ordering, floor } = tx.images.get(image);
  if (etag !== null || ordering !== null || floor > 0 || tx.memory.stored.at(key) !== null) return true;
  return tx.rows.loadImage(image).some(({ state }) => state !== REFUSED);
}

/**
 * Whether viewers may order one more. Beyond what they may have now it would wait until tomorrow, and, were it warmed by somebody, take that
 * along. A pause that Ittybit asked for passes soon.
 */
function mayOrder(tx: LedgerTx, ordered: number): boolean {
  const closed = closedFor(tx.gateNow, "live");
  if (closed !== null && closed.code !== "throttled") return false;
  const open = liveOpen(tx) + ordered;
  if (open >= LIVE_OPEN_MAX) return false;
  const left = budgetLeft(tx.gateNow, "live");
  return open < left || open - liveGranted(tx) < left;
}

/**
 * Unknown ids have a rate of their own. What is beyond it is forgotten: the next view asks again. The last looks are left to networks that
 * have asked for few.
 */
function takeLook({ memory, config, now }: LedgerTx, nth: number): boolean {
  const perSecond = config.limits.unknownPerSecond;
  const most = Math.max(1, perSecond * LOOKS_BURST_S);
  const leave = nth >= LOOKS_KEPT.first ? most * LOOKS_KEPT.share : 0;
  return take(memory.unknownLooks, { perSecond, most, leave }, now) !== null;
}

/**
 * Messages cost money, also those of which nothing comes. When far too many do, edges send none of their kind for a while, each time for
 * twice as long: none that anybody can make up, or none at all.
 */
function noteUseless({ memory, config, gate, now }: LedgerTx, kind: "vain" | "repeated"): void {
  const most = uselessMost(kind, config.limits.unknownPerSecond);
  if ((take(memory.useless[kind], most, now) ?? 0) >= 1) return;
  const silence = gate[kind === "vain" ? "quiet" : "hush"];
  if (silence.until > now) return;
  const { firstMs, longestMs, forgetMs } = SILENCE;
  silence.times = now - silence.until > forgetMs ? 1 : silence.times + 1;
  silence.until = now + backoff(silence.times, { first: firstMs, longest: longestMs });
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

function want(tx: LedgerTx, row: Row, one: MissAsk, ordered: number): Fate {
  if (row.state === WAITING) {
    if (row.lane === LIVE || !mayOrder(tx, ordered)) return "repeated";
    raise(tx, row, LIVE);
    return "ordered";
  }
  if (row.state === CANCELLING || row.deadUntil > tx.now || isImageLocked(tx, row.key)) return "repeated";
  if (isCapped(tx, one.key)) return "capped";
  if (!mayOrder(tx, ordered)) return "repeated";
  noteOrder(tx, one);
  takeOver(tx, row);
  return "ordered";
}

function takeOver(tx: LedgerTx, row: Row): void {
  tx.runs.leave(row);
  orderAnew(tx, row);
  row.lane = LIVE;
}

function isImageLocked(tx: LedgerTx, key: string): boolean {
  return tx.images.get(encodedIdOfKey(key)).lock > tx.now;
}

function hold(tx: LedgerTx, hand: Hand, row: Row): void {
  const { hands } = tx.memory;
  if (isHeldBack(tx.gateNow)) return;
  const isFree = hands.holderOf(row.id) === null && (row.due ?? 0) <= tx.now && !isLocked(tx, row);
  // A suspect is given out alone, and only by the hand-out.
  const isSuspicious = row.crashes > 0 || hasSuspect(tx, hand);
  if (isFree && !isSuspicious) hands.put(hand, entryOf(tx, row));
}
