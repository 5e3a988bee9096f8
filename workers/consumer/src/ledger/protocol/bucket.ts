/** A bucket of tokens that fills by itself up to `most`; null at first, when it is full. */
export interface Bucket {
  level: number;
  /** Unix ms. */
  at: number;
}

/** Takes one, if there is one and `leave` are left besides; what is left then, else null. */
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
