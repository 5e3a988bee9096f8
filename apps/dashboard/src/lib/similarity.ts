/** Edge of the squares that are compared, in pixels, and of the windows within them. */
export const EDGE = 64;
const WINDOW = 8;
/** Constants of SSIM for values of 0 to 255; they keep flat windows from dividing by zero. */
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/**
 * How alike two pictures of EDGE × EDGE pixels (RGBA) are: the mean of SSIM over windows and colours. 1: the same; near 0: nothing in common.
 * Transparent pixels count with the colour they were drawn on.
 */
export function similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  let windows = 0;
  for (let top = 0; top < EDGE; top += WINDOW)
    for (let left = 0; left < EDGE; left += WINDOW)
      for (let channel = 0; channel < 3; channel += 1) {
        sum += ssim(a, b, (top * EDGE + left) * 4 + channel);
        windows += 1;
      }
  return sum / windows;
}

/** SSIM of one channel in one window; `start`: index of its first value. */
function ssim(a: ArrayLike<number>, b: ArrayLike<number>, start: number): number {
  const n = WINDOW * WINDOW;
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let y = 0; y < WINDOW; y += 1)
    for (let x = 0; x < WINDOW; x += 1) {
      const at = start + (y * EDGE + x) * 4;
      const [p, q] = [a[at] ?? 0, b[at] ?? 0];
      sumA += p;
      sumB += q;
      squaresA += p * p;
      squaresB += q * q;
      products += p * q;
    }
  const [meanA, meanB] = [sumA / n, sumB / n];
  const [varianceA, varianceB] = [squaresA / n - meanA ** 2, squaresB / n - meanB ** 2];
  const covariance = products / n - meanA * meanB;
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) / ((meanA ** 2 + meanB ** 2 + C1) * (varianceA + varianceB + C2))
  );
}

/** The part of a picture, in its pixels, that has another one's proportions: what a crop by the centre keeps. */
export function centreCrop(
  of: { width: number; height: number },
  like: { width: number; height: number },
): [x: number, y: number, width: number, height: number] {
  const scale = Math.min(of.width / like.width, of.height / like.height);
  const [width, height] = [like.width * scale, like.height * scale];
  return [(of.width - width) / 2, (of.height - height) / 2, width, height];
}
