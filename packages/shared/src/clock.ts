/** Time and chance, injected everywhere so that tests decide both. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
}

export const DAY_MS = 86_400_000;

export const systemClock: Clock = { now: () => Date.now(), random: () => Math.random() };

/**
 * What `work` answers. Its signal aborts after `ms` with a TimeoutError. The timer is cleared with the work; that of `AbortSignal.timeout` cannot
 * be, and keeps a Durable Object awake until its time.
 */
export async function abortAfter<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("no answer in time", "TimeoutError")), ms);
  try {
    return await work(late.signal);
  } finally {
    clearTimeout(timer);
  }
}
