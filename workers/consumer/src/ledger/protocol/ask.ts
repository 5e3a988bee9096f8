import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { ExchangeRequest } from "../contract.ts";
import type { Hand } from "../tables/hands.ts";
import { CANCELLED, DEAD, LIVE, REFUSED, type Row, WAITING } from "../tables/row.ts";
import { closedFor } from "./gate.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { liveOpen } from "./open-jobs.ts";
import { entryOf, isLocked, orderAnew, raise } from "./transitions.ts";

const DAY_MS = 86_400_000;
/** Jobs that viewers wait for at once; beyond it pages are served by their originals. */
const LIVE_OPEN_MAX = 10_000;

/** Viewers missed these variants: rows are born, or come before others; what is free goes to this owner. */
export function ask(tx: LedgerTx, hand: Hand, asks: ExchangeRequest["asks"]): void {
  tx.rows.loadKeys(asks.map(({ key }) => key));
  tx.images.load(asks.map(({ key }) => encodedIdOfKey(key)));
  for (const one of asks) askOne(tx, hand, one);
}

function askOne(tx: LedgerTx, hand: Hand, { key, at }: ExchangeRequest["asks"][number]): void {
  const row = tx.rows.get(key);
  if (tx.images.get(encodedIdOfKey(key)).lock > tx.now) {
    if (row?.state === WAITING) raise(tx, row, LIVE);
    return;
  }
  const wanted = row === null ? bear(tx, key, at) : want(tx, row);
  if (wanted !== null) hold(tx, hand, wanted);
}

/** Makes a row, unless the variant was stored since the miss, or viewers may make none. */
function bear(tx: LedgerTx, key: string, at: number): Row | null {
  if ((tx.memory.stored.at(key) ?? -1) >= at) return null;
  const closed = closedFor(tx.gateNow, "live");
  // A pause that Ittybit asked for passes soon.
  if (closed !== null && closed.code !== "throttled") return null;
  if (liveOpen(tx) >= LIVE_OPEN_MAX || !countView(tx, key)) return null;
  const row = tx.insert(key, LIVE);
  row.due = tx.now;
  tx.count("accepted");
  return row;
}

/** A stranger can ask for any number of sizes: a day's rows of one image are limited. */
function countView({ memory: { viewed }, config, now }: LedgerTx, key: string): boolean {
  const day = Math.floor(now / DAY_MS);
  if (viewed.day !== day) {
    viewed.day = day;
    viewed.rows.clear();
  }
  const image = encodedIdOfKey(key);
  const n = viewed.rows.get(image) ?? 0;
  if (n >= config.limits.liveRowsPerImageDay) return false;
  viewed.rows.set(image, n + 1);
  return true;
}

function want(tx: LedgerTx, row: Row): Row | null {
  if (row.state === DEAD || row.state === REFUSED) {
    if (row.deadUntil > tx.now) return null;
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
  const isSuspicious = row.crashes > 0 || tx.rows.loadIds([...hand.entries.keys()]).some(({ crashes }) => crashes > 0);
  if (isFree && !isSuspicious) hands.put(hand, entryOf(tx, row));
}
