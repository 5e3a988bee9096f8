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
 * The work, or an error once `ms` are over, whichever is first. The timer is cleared with the work: one that is left behind keeps a
 * Durable Object awake.
 */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let stop = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), ms);
    stop = () => clearTimeout(timer);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stop();
  }
}

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
