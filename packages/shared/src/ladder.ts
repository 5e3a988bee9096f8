/** The least rung that is not below `px`; the last rung when `px` passes them all, which is how sizes are clamped. */
export function snapUp(px: number, ladder: readonly number[]): number {
  return ladder.find((rung) => rung >= px) ?? maximum(ladder);
}

/** The largest width and height that a variant may have, in px: the ladder's top rung. */
export function maximum(ladder: readonly number[]): number {
  return ladder.at(-1) ?? 1;
}

/**
 * Scales a pair by ONE factor, so that its shape stays: the width goes to its rung and the height with it; when that height would pass
 * the maximum, the height goes to the maximum and the width with it. A pair that came from here comes out unchanged.
 */
export function scalePair(width: number, height: number, ladder: readonly number[]): { width: number; height: number } {
  const factor = Math.min(snapUp(width, ladder) / width, maximum(ladder) / height);
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}
