import type { Format, Position } from "@prewarm/shared/config";
import { type Focal, followsFocal, placementFor } from "@prewarm/shared/focal";
import type { Transform } from "@prewarm/shared/transform";
import { clampTransform, type Size } from "../output/expected-size.ts";

/** What Ittybit is asked for: the documented image options only. */
export interface JobOptions {
  width?: number;
  height?: number;
  fit?: "cover" | "contain" | "fill";
  position?: Position;
  format: Transform["format"];
  quality: Transform["quality"];
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
