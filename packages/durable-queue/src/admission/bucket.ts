/** A token bucket that refills up to `most`. Null: not used yet, so it is full. */
export interface Bucket {
  level: number;
  /** Unix ms. */
  at: number;
}

/** Takes a token. Answers how many remain; null: there was none. */
export function take(
  bucket: { held: Bucket | null },
  { most, perSecond }: { most: number; perSecond: number },
  now: number,
): number | null {
  const { level, at } = bucket.held ?? { level: most, at: now };
  const filled = Math.min(most, level + (Math.max(0, now - at) / 1000) * perSecond);
  const left = filled >= 1 ? filled - 1 : null;
  bucket.held = { level: left ?? filled, at: now };
  return left;
}
