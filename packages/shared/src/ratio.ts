import type { Config } from "./config.ts";
import { maximum, scalePair, snapUp } from "./ladder.ts";
import { readRatio } from "./shape.ts";

type Shapes = Pick<Config, "ladder" | "ratios">;

/** A declared ratio, read. */
interface Ratio {
  /** Width divided by height. */
  value: number;
  /** Rungs whose height does not pass the maximum, ascending; never empty. */
  widths: readonly number[];
}

/** Pixels that an asked side may be off, so that any rounding of any width is understood. */
const OFF_PX = 1;
/** The same as a share, for large sizes. */
const OFF_SHARE = 0.005;

const ratiosOf = new WeakMap<Shapes, Ratio[]>();

/** Read once per configuration, since every pair asks. */
function declared(shapes: Shapes): Ratio[] {
  const known = ratiosOf.get(shapes);
  if (known !== undefined) return known;
  const { ratios, ladder } = shapes;
  const read = ratios.flatMap((text): Ratio[] => {
    const value = readRatio(text);
    const widths = value === null ? [] : ladder.filter((rung) => heightOf(rung, value) <= maximum(ladder));
    return value === null || widths.length === 0 ? [] : [{ value, widths }];
  });
  ratiosOf.set(shapes, read);
  return read;
}

function heightOf(width: number, ratio: number): number {
  return Math.max(1, Math.round(width / ratio));
}

/**
 * The size of a cover crop. A pair that has a declared ratio, to the pixel or nearly, gets that ratio's size: the width on its rung (the
 * largest whose height fits, at most) and the height that belongs to it. Every other pair keeps its shape. What came from here comes out
 * unchanged.
 */
export function cropSize(width: number, height: number, shapes: Shapes): { width: number; height: number } {
  const scaled = scalePair(width, height, shapes.ladder);
  // Rounding may bring a scaled pair near a ratio that it just missed; asked for again it would be that ratio's.
  return snapToRatio(width, height, shapes) ?? snapToRatio(scaled.width, scaled.height, shapes) ?? scaled;
}

function snapToRatio(width: number, height: number, shapes: Shapes): { width: number; height: number } | null {
  let best: { ratio: Ratio; pixels: number; exact: number } | null = null;
  for (const ratio of declared(shapes)) {
    if (!isNear(width, height, ratio.value)) continue;
    // Whole pixels first: a pair that was snapped before must find the same height again. Then the nearest shape; then the first listed.
    const pixels = Math.abs(height - heightOf(width, ratio.value));
    const exact = Math.abs(height - width / ratio.value);
    if (best === null || pixels < best.pixels || (pixels === best.pixels && exact < best.exact))
      best = { ratio, pixels, exact };
  }
  if (best === null) return null;
  const rung = snapUp(width, best.ratio.widths);
  return { width: rung, height: heightOf(rung, best.ratio.value) };
}

function isNear(width: number, height: number, ratio: number): boolean {
  const off = Math.abs(height - width / ratio);
  return off <= Math.max(OFF_PX, height * OFF_SHARE) || Math.abs(width - height * ratio) <= OFF_PX;
}

/** Every size that the declared ratios open; sizes at which two ratios meet stand there twice. */
export function ratioSizes(shapes: Shapes): Size[] {
  return declared(shapes).flatMap(({ value, widths }) =>
    widths.map((width) => ({ width, height: heightOf(width, value) })),
  );
}

/** Whether a declared ratio opens this size. */
export function isRatioSize(size: Size, shapes: Shapes): boolean {
  return ratioOf(size, shapes) !== undefined;
}

/** All sizes of the declared ratio that this size has, ascending; none when it has none. */
export function ratioWidths(size: Size, shapes: Shapes): Size[] {
  const ratio = ratioOf(size, shapes);
  return ratio === undefined ? [] : ratio.widths.map((width) => ({ width, height: heightOf(width, ratio.value) }));
}

interface Size {
  width: number;
  height: number;
}

function ratioOf({ width, height }: Size, shapes: Shapes): Ratio | undefined {
  return declared(shapes).find((ratio) => ratio.widths.includes(width) && heightOf(width, ratio.value) === height);
}
