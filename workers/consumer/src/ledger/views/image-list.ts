import type { ImageSummary } from "@prewarm/control-schema/images";
import { failedByGroup, failedOfGroups, someFailedGroups } from "../../console/tables/failures.ts";
import { readRecent, type Stored } from "../../console/tables/recent.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { GivenTo } from "../given-to.ts";
import { isValid } from "./jobs.ts";

type Query = GivenTo<"GET /api/v1/images">;

/** Rows of stored jobs that are looked through: the newest 10,000 jobs. */
const RECENT_ROWS = 20;
/** Images with most failed variants. */
const FAILED_MAX = 1_000;
/** Failed jobs whose images fill a list that has room. */
const SOME_FAILED = 50;
/** Images beyond the shown ones whose purges are looked up. */
const LOOKED_AT = 50;

/** An image of which something was stored of late. */
export interface RecentImage {
  id: string;
  /** Jobs that were paid for its stored variants, also for the same variant again. */
  jobs: number;
  /** Each variant once, as it was stored last. */
  variants: Stored[];
}

/** Images by the newest stored jobs, by their ids. `from`, `to`: only jobs that were stored within, Unix ms. */
export function recentImages(
  tx: ImageTx,
  { from = 0, to = Number.MAX_SAFE_INTEGER }: { from?: number; to?: number } = {},
): Map<string, RecentImage> {
  const rows = readRecent(tx.sql, Number.MAX_SAFE_INTEGER, RECENT_ROWS);
  const all = rows.flatMap(({ stored }) => stored).filter(({ at }) => at >= from && at <= to);
  const found = new Map<string, RecentImage>();
  for (const [id, stored] of Map.groupBy(all, ({ group }) => group)) {
    const last = new Map(stored.sort((a, b) => a.gen - b.gen).map((one) => [one.part, one]));
    const jobs = stored.reduce((sum, { paid }) => sum + paid, 0);
    found.set(id, { id, jobs, variants: [...last.values()] });
  }
  return found;
}

/**
 * Images of which something was stored of late: the newest, the largest or the dearest first; or the images with most
 * failed variants.
 */
export function listImages(tx: ImageTx, { search, sort, limit }: Query): { images: ImageSummary[] } {
  const recent = recentImages(tx);
  const failed = failedImages(tx, { search, sort, hasRoom: recent.size < limit });
  const wanted = search.toLowerCase();
  const all = [...new Set([...recent.keys(), ...failed.keys()])]
    .map((id) => summaryOf(id, recent.get(id), failed.get(id) ?? 0))
    .filter(({ id }) => id.toLowerCase().includes(wanted))
    .sort((a, b) => compare(sort, a, b));
  // A purge makes an image smaller, never larger. So only the first ones are looked up.
  const first = all.slice(0, limit + LOOKED_AT);
  tx.loadGroups(first.map(({ id }) => id));
  const valid = first
    .map((image) => {
      const variants = recent.get(image.id)?.variants.filter((one) => isValid(tx, one)) ?? [];
      return { ...image, ...sizeOf(variants) };
    })
    .filter((image) => image.stored > 0 || image.failed > 0 || (sort === "cost" && image.jobs > 0))
    .sort((a, b) => compare(sort, a, b))
    .slice(0, limit);
  const groups = valid.map(({ id }) => id);
  const failures = isCounted({ sort, search }) ? failed : failedOfGroups(tx.sql, groups, tx.queueId);
  return { images: valid.map((image) => ({ ...image, failed: failures.get(image.id) ?? 0 })) };
}

/** All failed jobs are counted only where they decide the order, or where their images may be searched for. */
function isCounted({ search, sort }: Pick<Query, "search" | "sort">): boolean {
  return sort === "failed" || search !== "";
}

/** Images with failed variants, and how many if they are counted. Other lists that have room show some of them. */
function failedImages(
  tx: ImageTx,
  { hasRoom, ...query }: Pick<Query, "search" | "sort"> & { hasRoom: boolean },
): Map<string, number> {
  if (isCounted(query)) return new Map(failedByGroup(tx, FAILED_MAX).map(({ group, n }) => [group, n]));
  return new Map(hasRoom ? [...someFailedGroups(tx.sql, SOME_FAILED)].map((group) => [group, 1]) : []);
}

function summaryOf(id: string, recent: RecentImage | undefined, failed: number): ImageSummary {
  const { jobs = 0, variants = [] } = recent ?? {};
  return { id, ...sizeOf(variants), failed, jobs };
}

function sizeOf(variants: readonly Stored[]): Pick<ImageSummary, "stored" | "bytes" | "storedAt"> {
  const bytes = variants.reduce((sum, one) => sum + one.bytes, 0);
  const storedAt = variants.length === 0 ? null : Math.max(...variants.map(({ at }) => at));
  return { stored: variants.length, bytes, storedAt };
}

function compare(sort: Query["sort"], a: ImageSummary, b: ImageSummary): number {
  return by(sort, b) - by(sort, a) || (a.id < b.id ? -1 : 1);
}

function by(sort: Query["sort"], image: ImageSummary): number {
  if (sort === "failed") return image.failed;
  if (sort === "cost") return image.jobs;
  return sort === "largest" ? image.bytes : (image.storedAt ?? 0);
}
