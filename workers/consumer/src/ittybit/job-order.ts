import { type Config, FORMATS, type Format, type Position } from "@prewarm/shared/config";
import { type Focal, followsFocal, placementFor } from "@prewarm/shared/focal";
import type { Transform } from "@prewarm/shared/transform";
import type { Generation, Made, Order } from "../engine.ts";
import { clampTransform, expectedSize, type Size } from "../output/expected-size.ts";
import type { JobOptions, JobOrder } from "./client.ts";
import type { IttybitJob } from "./dialects.ts";

/**
 * The order of a generation's job. Pure: the same generation gives the same order, so a repeated POST is the same POST.
 *
 * @param qualities What Ittybit is told instead of a quality, by format. Default: the quality itself.
 */
export function jobOrder(order: Order, qualities: Config["ittybit"]["qualities"] = {}): JobOrder {
  const { ledger, gen, key, transform, format, focal, input, size, etag, alpha, again } = order;
  const expected = expectedSize(transform, size);
  const quality = qualities[format]?.[transform.quality] ?? transform.quality;
  return {
    input,
    options: jobOptions({ ...transform, format, quality }, size, focal),
    idempotencyKey: `pw-${ledger}-${gen}`,
    metadata: {
      ledger,
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
export function isAnothers({ metadata }: IttybitJob, { ledger, gen, key }: Generation): boolean {
  const own = { ledger, gen: String(gen), key };
  return (["ledger", "gen", "key"] as const).some((name) => (metadata[name] ?? own[name]) !== own[name]);
}

function sideOf(text: string | undefined): number | null {
  const side = Number(text);
  return Number.isInteger(side) && side > 0 ? side : null;
}

/** What the job was ordered as; null: it does not show its metadata. */
export function madeOf({ metadata }: IttybitJob, { ledger, gen }: Generation): Made | null {
  if (metadata.ledger !== ledger || metadata.gen !== String(gen)) return null;
  const width = sideOf(metadata.width);
  const height = sideOf(metadata.height);
  return {
    format: FORMATS.find((one) => one === metadata.format) ?? null,
    size: width === null || height === null ? null : { width, height },
    etag: metadata.etag ?? null,
    alpha: metadata.alpha !== undefined,
  };
}

/** A crop keeps what its URL says, else the place that shows the point best; that takes the original's size. */
function positionOf(transform: Transform, original: Size | null, focal: Focal | null): Position | null {
  if (focal === null || original === null || !followsFocal(transform)) return transform.pos;
  const { width, height } = clampTransform(transform, original);
  return width === null || height === null ? null : placementFor(focal, original, { width, height });
}

/**
 * The format that is made of a variant. A JPEG has no transparency, and Ittybit can be told the colour in its place (`background`) only with
 * `contain`; else it is black. So a PNG stands under the key of such a JPEG. `alpha`: the picture may have transparent parts.
 */
export function madeFormat(format: Format, alpha: boolean): Format {
  return format === "jpeg" && alpha ? "png" : format;
}

/** Whether Ittybit itself would enlarge is documented nowhere, so it is never asked for more than the original has. */
export function jobOptions(transform: Transform, original: Size | null, focal: Focal | null = null): JobOptions {
  const { width, height } = clampTransform(transform, original);
  const position = positionOf(transform, original, focal);
  return {
    ...(width === null ? {} : { width }),
    ...(height === null ? {} : { height }),
    ...(width === null || height === null || transform.fit === null ? {} : { fit: transform.fit }),
    ...(position === null ? {} : { position }),
    format: transform.format,
    quality: transform.quality,
  };
}
