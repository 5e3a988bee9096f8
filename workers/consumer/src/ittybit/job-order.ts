import type { Config } from "@prewarm/shared/config";
import type { Focal } from "@prewarm/shared/focal";
import type { Transform } from "@prewarm/shared/transform";
import type { JobOrder } from "./client.ts";
import type { IttybitJob } from "./dialects.ts";
import { expectedSize, jobOptions, madeFormat, type Size } from "./job-request.ts";

/** What the one job of a generation is made from. */
export interface Generation {
  ledgerId: string;
  gen: number;
  /** The variant's key. */
  key: string;
  transform: Transform;
  /** What a crop is to show. Default null: the centre. */
  focal?: Focal | null;
  /** A signed URL is signed with the time of the first grant, not with the current one: it is part of the body. */
  input: string;
  /** The original's, as its probe told; null when it did not. */
  size: Size | null;
  etag: string | null;
  /** It may have transparent parts. Default false. */
  alpha?: boolean;
  /** A stored WebP shows that it has none. Default false. */
  opaque?: boolean;
  /** What Ittybit is told instead of a quality, by format. Default: the quality itself. */
  qualities?: Config["ittybit"]["qualities"];
  /** False for the first POST only. */
  again: boolean;
}

/** The order of a generation's job. Pure: the same generation gives the same order, so a repeated POST is the same POST. */
export function jobOrder({
  ledgerId,
  gen,
  key,
  transform,
  focal = null,
  input,
  size,
  etag,
  alpha = false,
  opaque = false,
  qualities = {},
  again,
}: Generation): JobOrder {
  const expected = expectedSize(transform, size);
  const format = madeFormat(transform.format, alpha && !opaque);
  const quality = qualities[format]?.[transform.quality] ?? transform.quality;
  return {
    input,
    options: jobOptions({ ...transform, format, quality }, size, focal),
    idempotencyKey: `pw-${ledgerId}-${gen}`,
    metadata: {
      ledger: ledgerId,
      gen: String(gen),
      key,
      ...(expected === null ? {} : { width: String(expected.width), height: String(expected.height) }),
      ...(etag === null ? {} : { etag }),
      ...(format === transform.format ? {} : { format }),
      ...(alpha ? { alpha: "true" } : {}),
    },
    again,
  };
}

/**
 * The job was made for something else, as far as it shows its metadata: its generation's number was given twice, as after an older copy of
 * the ledger was put back by other ways than the documented ones.
 */
export function isAnothers({ metadata }: IttybitJob, own: { ledger: string; gen: string; key: string }): boolean {
  return (["ledger", "gen", "key"] as const).some((name) => (metadata[name] ?? own[name]) !== own[name]);
}
