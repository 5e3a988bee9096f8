import type { Luma } from "./png.ts";

/** A window's side, px. */
const WINDOW = 8;
/** As in the paper of 2004: small numbers beside the squares of brightness, (0.01 · 255)² and (0.03 · 255)². */
const [C1, C2] = [6.5025, 58.5225];

/** How alike two pictures of one size are: the mean SSIM of windows that lie beside each other. 1: the same. */
export function ssim(a: Luma, b: Luma): number {
  let [sum, windows] = [0, 0];
  for (let top = 0; top + WINDOW <= a.height; top += WINDOW)
    for (let left = 0; left + WINDOW <= a.width; left += WINDOW) {
      sum += ofWindow(a, b, left, top);
      windows += 1;
    }
  return windows === 0 ? 1 : sum / windows;
}

function ofWindow(a: Luma, b: Luma, left: number, top: number): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let y = top; y < top + WINDOW; y += 1)
    for (let at = y * a.width + left; at < y * a.width + left + WINDOW; at += 1) {
      const [one, other] = [a.values[at] ?? 0, b.values[at] ?? 0];
      sumA += one;
      sumB += other;
      squaresA += one * one;
      squaresB += other * other;
      products += one * other;
    }
  const pixels = WINDOW * WINDOW;
  const [meanA, meanB] = [sumA / pixels, sumB / pixels];
  const spread = squaresA / pixels - meanA ** 2 + squaresB / pixels - meanB ** 2;
  const together = products / pixels - meanA * meanB;
  return ((2 * meanA * meanB + C1) * (2 * together + C2)) / ((meanA ** 2 + meanB ** 2 + C1) * (spread + C2));
}
