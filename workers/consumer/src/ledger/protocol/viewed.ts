import { encodedIdOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import { openKeysSince } from "../tables/due.ts";
import { readRecentSince } from "../tables/recent.ts";
import { LIVE } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { Viewed } from "./viewed-today.ts";

const DAY_MS = 86_400_000;

/** Limits the cost of one image per day, because a stranger can ask for any number of sizes and versions. */
export function viewedOf(tx: LedgerTx, image: string): Viewed {
  const { viewed } = tx.memory;
  beginDay(tx);
  const known = viewed.images.get(image);
  if (known !== undefined) return known;
  const from = dayStart(tx.now);
  const rows = tx.rows.loadImage(image).filter(({ lane, created }) => lane === LIVE && created >= from);
  const keys = new Set([...(viewed.before.get(image) ?? []), ...rows.map(({ key }) => key)]);
  const versions = [...keys].map(versionOfKey).filter((version) => version !== null);
  const counted = { orders: keys.size, versions: new Set(versions) };
  viewed.images.set(image, counted);
  return counted;
}

function beginDay(tx: LedgerTx): void {
  const { viewed, born } = tx.memory;
  const from = dayStart(tx.now);
  if (viewed.day === from) return;
  viewed.day = from;
  viewed.images.clear();
  viewed.before = born > from ? orderedBefore(tx, from) : new Map();
}

/** Viewers' orders of today that are open or stored. Orders that ended otherwise are found with their image. */
function orderedBefore(tx: LedgerTx, from: number): Map<string, string[]> {
  const stored = readRecentSince(tx.sql, from).filter((one) => one.lane === LIVE && one.created >= from);
  const keys = [...stored.map(({ key }) => key), ...openKeysSince(tx.sql, LIVE, from)];
  return Map.groupBy(keys, encodedIdOfKey);
}

function dayStart(now: number): number {
  return now - (now % DAY_MS);
}
