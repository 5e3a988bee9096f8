import type { Transform } from "@prewarm/shared/transform";

/** An original's pixels as a viewer sees them (EXIF orientation applied). */
export interface Size {
  width: number;
  height: number;
}

function scaled(length: number, factor: number): number {
  return Math.max(1, Math.round(length * factor));
}

/** Nothing is enlarged: a single side is cut to the original's, a pair shrinks by one factor. Null sides follow the aspect. */
export function clampTransform(
  transform: Transform,
  original: Size | null,
): { width: number | null; height: number | null } {
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
