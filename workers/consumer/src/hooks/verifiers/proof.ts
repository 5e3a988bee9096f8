/** What a verifier looks at: the bytes as they came, before anybody parsed them. */
export interface Delivery {
  headers: Headers;
  raw: Uint8Array<ArrayBuffer>;
  /** Unix ms. */
  now: number;
}

/** Null: no valid proof. Else the sender's own id of the delivery, when it has one. */
export type Proof = { id: string | null } | null;

/** Clocks and retries may differ from ours by this. */
export const TOLERANCE_MS = 300_000;

/** Whether a sender's time stamp, in seconds or milliseconds, is within ±5 minutes. */
export function isFresh(timestamp: string, now: number): boolean {
  if (!/^\d{1,14}$/.test(timestamp)) return false;
  const number = Number(timestamp);
  // Seconds stay below 10^11 until the year 5138.
  const at = number < 1e11 ? number * 1000 : number;
  return Math.abs(now - at) <= TOLERANCE_MS;
}
