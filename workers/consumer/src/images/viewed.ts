import { openKeysSince } from "@prewarm/durable-queue/schema/due";
import { readRecentSince } from "@prewarm/durable-queue/schema/recent";
import { LIVE } from "@prewarm/durable-queue/schema/row";
import { encodedIdOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import type { ImageTx } from "./image-tx.ts";
import type { Viewed } from "./viewed-today.ts";

const DAY_MS = 86_400_000;

/** Limits the cost of one image per day, because a stranger can ask for any number of sizes and versions. */
export function viewedOf(tx: ImageTx, image: string): Viewed {
  const { viewed } = tx.imageMemory;
  beginDay(tx);
  const known = viewed.images.get(image);
  if (known !== undefined) return known;
  const from = dayStart(tx.now);
  const rows = tx.rows.loadGroup(image).filter(({ lane, created }) => lane === LIVE && created >= from);
  const keys = new Set([...(viewed.before.get(image) ?? []), ...rows.map(({ key }) => key)]);
  const versions = [...keys].map(versionOfKey).filter((version) => version !== null);
  const counted = { orders: keys.size, versions: new Set(versions) };
  viewed.images.set(image, counted);
  return counted;
}

function beginDay(tx: ImageTx): void {
  const { viewed } = tx.imageMemory;
  const { startedAt } = tx.memory;
  const from = dayStart(tx.now);
  if (viewed.day === from) return;
  viewed.day = from;
  viewed.images.clear();
  viewed.before = startedAt > from ? orderedBefore(tx, from) : new Map();
}

/** Viewers' orders of today that are open or stored. Orders that ended otherwise are found with their image. */
function orderedBefore(tx: ImageTx, from: number): Map<string, string[]> {
  const stored = readRecentSince(tx.sql, from).filter((one) => one.lane === LIVE && one.created >= from);
  const keys = [...stored.map(({ key }) => key), ...openKeysSince(tx.sql, LIVE, from)];
  return Map.groupBy(keys, encodedIdOfKey);
}

function dayStart(now: number): number {
  return now - (now % DAY_MS);
}
