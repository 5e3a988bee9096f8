import type { Position } from "./config.ts";
import type { Transform } from "./transform.ts";

/** A point of an original as a viewer sees it, as shares of its width (from the left) and height (from the top), 0–1. */
export type Focal = readonly [x: number, y: number];

/** In px. */
interface Size {
  width: number;
  height: number;
}

/** What a point may be, for messages. */
export const FOCAL_FORM = "two numbers from 0 to 1: the shares of the width and of the height";

/** Reads `[x, y]` or `{ x, y }`; null for anything else. */
export function readFocal(value: unknown): Focal | null {
  if (value === null || typeof value !== "object") return null;
  const { x, y } = value as Partial<Record<"x" | "y", unknown>>;
  const pair: unknown[] = Array.isArray(value) ? value : [x, y];
  const [first, second] = pair;
  return pair.length === 2 && isShare(first) && isShare(second) ? [first, second] : null;
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** Whether the focal point decides what the crop keeps: a cover crop whose URL has no `pos`. */
export function followsFocal({ fit, pos }: Pick<Transform, "fit" | "pos">): boolean {
  return fit === "cover" && pos === null;
}

/**
 * What a cover crop keeps so that it shows the point best; null is the centre. A crop cuts one axis and keeps the share
 * k of it, 0 < k ≤ 1: `[0, k]`, `[(1 − k) / 2, (1 + k) / 2]` or `[1 − k, 1]`. The answer is the interval whose middle is
 * nearest to the point, and the centre among equals. The three cover the whole axis if and only if k ≥ (1 − k) / 2, which
 * is k ≥ 1/3: from a third on the point is always visible, below a third two gaps are never shown.
 */
export function placementFor([x, y]: Focal, original: Size, crop: Size): Position | null {
  // The share of the width that the crop keeps; above 1 it is the height that is cut.
  const share = (crop.width * original.height) / (crop.height * original.width);
  if (share === 1) return null;
  const [point, kept] = share < 1 ? [x, share] : [y, 1 / share];
  const toCentre = Math.abs(point - 1 / 2);
  const toStart = Math.abs(point - kept / 2);
  const toEnd = Math.abs(point - (1 - kept / 2));
  if (toCentre <= Math.min(toStart, toEnd)) return null;
  if (share < 1) return toStart < toEnd ? "left" : "right";
  return toStart < toEnd ? "top" : "bottom";
}
