/**
 * Why an answer is not the variant, as said in `Cache-Status`. `unshowable` is a dead one whose original no browser shows either; it is
 * said as `dead`.
 */
export type Detail = "enqueued" | "pending" | "dead" | "unshowable" | "missing" | "paused" | "capped" | "unavailable";

/** What is known about a key that was asked for lately. */
export interface Memo {
  detail: Detail;
  /** Messages sent in a row without the variant having come. */
  asked: number;
  /** Unix ms until which no message is sent. */
  silentUntil: number;
}

export type Claim = { mine: true; asked: number } | { mine: false; detail: Detail };

/**
 * The isolate's memory of keys asked for lately. It only silences sending, never serving: R2 is always asked first. Nothing in it is a
 * promise or a stream, because those belong to the request that made them.
 */
export interface Memory {
  /** Takes the right to ask for this key, in one step, so that of requests at the same time one sends. */
  claim(key: string, now: number): Claim;
  /** Looks without taking. */
  recall(key: string, now: number): Detail | null;
  keep(key: string, memo: Memo): void;
  forget(key: string): void;
  readonly size: number;
}

/** Silence after the first message, in ms; doubled by each further one. */
const FIRST_WINDOW_MS = 10_000;
export const LAST_WINDOW_MS = 300_000;
/** How long after its window a key's count is remembered, in ms; afterwards it starts with the first window again. */
export const REMEMBER_MS = 600_000;
/** A claim whose owner never came back (its client left) ends by itself after this many ms. */
const CLAIM_MS = 2_000;
/** Some 200 bytes each: about 2 MB of an isolate's 128. */
const MAX_KEYS = 10_000;

/** Silence after the `asked`-th message in a row, in ms: 10 s, doubling to 300 s. */
export function windowMs(asked: number): number {
  return Math.min(LAST_WINDOW_MS, FIRST_WINDOW_MS * 2 ** Math.max(0, asked - 1));
}

export function createMemory(maxKeys: number = MAX_KEYS): Memory {
  const memos = new Map<string, Memo>();
  const silent = (key: string, now: number): Memo | null => {
    const memo = memos.get(key);
    return memo !== undefined && now < memo.silentUntil ? memo : null;
  };
  const keep = (key: string, memo: Memo): void => {
    // A Map keeps the order of insertion: deleting first makes its first key the one not touched for longest.
    memos.delete(key);
    memos.set(key, memo);
    if (memos.size <= maxKeys) return;
    const oldest = memos.keys().next().value;
    if (oldest !== undefined) memos.delete(oldest);
  };
  return {
    claim: (key, now) => {
      const memo = silent(key, now);
      if (memo !== null) return { mine: false, detail: memo.detail };
      const before = memos.get(key);
      const asked = before !== undefined && now < before.silentUntil + REMEMBER_MS ? before.asked : 0;
      keep(key, { detail: "pending", asked, silentUntil: now + CLAIM_MS });
      return { mine: true, asked };
    },
    recall: (key, now) => silent(key, now)?.detail ?? null,
    keep,
    forget: (key) => {
      memos.delete(key);
    },
    get size() {
      return memos.size;
    },
  };
}
