export interface Size {
  width: number;
  height: number;
}

/** Pixels, or a share of the source such as `"50%"`. */
type Dimension = number | string;

function pixels(dimension: Dimension | undefined, base: number): number | undefined {
  if (dimension === undefined) return undefined;
  if (typeof dimension === "number") return dimension;
  return Math.max(1, Math.round((base * Number.parseFloat(dimension)) / 100));
}

function scaled(length: number, factor: number): number {
  return Math.max(1, Math.round(length * factor));
}

/**
 * The output's size in pixels. One dimension keeps the source's aspect (1920×1080 at width 320 is 320×180); a pair is
 * taken as it is, whatever the fit. With `clampEnlarge` both sides shrink by one factor until neither is beyond the source.
 *
 * @param source after EXIF orientation is applied
 */
export function targetSize(
  source: Size,
  asked: { width?: Dimension | undefined; height?: Dimension | undefined },
  clampEnlarge: boolean,
): Size {
  const width = pixels(asked.width, source.width);
  const height = pixels(asked.height, source.height);
  const size: Size = {
    width: width ?? (height === undefined ? source.width : scaled(source.width, height / source.height)),
    height: height ?? (width === undefined ? source.height : scaled(source.height, width / source.width)),
  };
  if (!clampEnlarge) return size;
  const factor = Math.min(1, source.width / size.width, source.height / size.height);
  return factor === 1 ? size : { width: scaled(size.width, factor), height: scaled(size.height, factor) };
}
