/** Time and chance, injected everywhere so that tests decide both. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
}

export const DAY_MS = 86_400_000;

export const systemClock: Clock = { now: () => Date.now(), random: () => Math.random() };
