import type { Format, Position } from "@prewarm/shared/config";
import { type Focal, followsFocal, placementFor } from "@prewarm/shared/focal";
import type { Transform } from "@prewarm/shared/transform";

/** An original's pixels as a viewer sees them (EXIF orientation applied). */
export interface Size {
  width: number;
  height: number;
}

/** What Ittybit is asked for: the documented image options only. */
export interface JobOptions {
  width?: number;
  height?: number;
  fit?: "cover" | "contain" | "fill";
  position?: Position;
  format: Transform["format"];
  quality: Transform["quality"];
}

function scaled(length: number, factor: number): number {
  return Math.max(1, Math.round(length * factor));
}

/**
 * Never asks for more than the original has: a single side is cut to it, a pair shrinks by one factor. Whether Ittybit itself would enlarge
 * is documented nowhere. Null sides stay null: they follow the aspect.
 */
function clampTransform(transform: Transform, original: Size | null): { width: number | null; height: number | null } {
  const { width, height } = transform;
  if (original === null) return { width, height };
  if (width !== null && height !== null) {
    const factor = Math.min(1, original.width / width, original.height / height);
    return { width: scaled(width, factor), height: scaled(height, factor) };
  }
  return {
    width: width === null ? null : Math.min(width, original.width),
    height: height === null ? null : Math.min(height, original.height),
  };
}

/** The size the result must have, or null when the original's is not known. */
export function expectedSize(transform: Transform, original: Size | null): Size | null {
  if (original === null) return null;
  const { width, height } = clampTransform(transform, original);
  if (width !== null && height !== null) return { width, height };
  if (width !== null) return { width, height: scaled(original.height, width / original.width) };
  if (height !== null) return { width: scaled(original.width, height / original.height), height };
  return { width: original.width, height: original.height };
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
