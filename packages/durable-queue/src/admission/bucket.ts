/** A token bucket that refills up to `most`. Null: not used yet, so it is full. */
export interface Bucket {
  level: number;
  /** Unix ms. */
  at: number;
}

/** Takes a token if at least `leave` tokens remain. Answers the remaining tokens, or null. */
export function take(
  bucket: { held: Bucket | null },
  { most, perSecond, leave = 0 }: { most: number; perSecond: number; leave?: number },
  now: number,
): number | null {
  const { level, at } = bucket.held ?? { level: most, at: now };
  const filled = Math.min(most, level + (Math.max(0, now - at) / 1000) * perSecond);
  const left = filled >= 1 + leave ? filled - 1 : null;
  bucket.held = { level: left ?? filled, at: now };
  return left;
}
