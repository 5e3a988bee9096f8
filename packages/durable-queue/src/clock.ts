/** Time and chance, injected so that tests decide both. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const systemClock: Clock = { now: () => Date.now(), random: () => Math.random() };

/**
 * The work, or an error once `ms` are over, whichever is first. The timer is cleared with the work: a timer that is left
 * behind keeps a Durable Object awake.
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
