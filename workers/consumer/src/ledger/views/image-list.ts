import type { ImageSummary } from "@prewarm/control-schema/images";
import { failedByGroup } from "@prewarm/durable-queue/schema/failures";
import { readRecent, type Stored } from "@prewarm/durable-queue/schema/recent";
import { decodeId, encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { ImageListQuery } from "../contract.ts";
import type { LedgerTx } from "../ledger-tx.ts";
import { isValid } from "./jobs.ts";

/** Rows of stored jobs that are looked through: the newest 10,000 jobs. */
const RECENT_ROWS = 20;
/** Images with most failed variants. */
const FAILED_MAX = 1_000;

/** Images of which something was stored of late or has failed: the newest, the largest, or those with most failed variants first. */
export function listImages(tx: LedgerTx, { search, sort, limit }: ImageListQuery): ImageSummary[] {
  const found = new Map<string, ImageSummary>();
  const of = (encoded: string): ImageSummary => {
    const known = found.get(encoded) ?? { id: readable(encoded), stored: 0, bytes: 0, storedAt: null, failed: 0 };
    found.set(encoded, known);
    return known;
  };
  for (const one of lately(tx)) {
    const image = of(encodedIdOfKey(one.key));
    image.stored += 1;
    image.bytes += one.bytes;
    image.storedAt = Math.max(image.storedAt ?? 0, one.at);
  }
  for (const { group, n } of failedByGroup(tx, FAILED_MAX)) of(group).failed += n;
  const wanted = search.toLowerCase();
  const all = [...found.values()].filter(({ id }) => id.toLowerCase().includes(wanted));
  return all.sort((a, b) => by(sort, b) - by(sort, a) || (a.id < b.id ? -1 : 1)).slice(0, limit);
}

function by(sort: ImageListQuery["sort"], image: ImageSummary): number {
  if (sort === "failed") return image.failed;
  return sort === "largest" ? image.bytes : (image.storedAt ?? 0);
}

/** Each variant once, as it was stored last. */
function lately(tx: LedgerTx): Stored[] {
  const rows = readRecent(tx.sql, Number.MAX_SAFE_INTEGER, RECENT_ROWS);
  const all = rows.flatMap(({ stored }) => stored).sort((a, b) => a.gen - b.gen);
  const last = [...new Map(all.map((one) => [one.key, one])).values()];
  tx.images.load(last.map(({ key }) => encodedIdOfKey(key)));
  return last.filter((one) => isValid(tx, one));
}

function readable(encoded: string): string {
  try {
    return decodeId(encoded);
  } catch {
    return encoded;
  }
}
