/** Chance that a seed decides (mulberry32). */
export interface Chance {
  /** Uniform in [0, 1). */
  random(): number;
  /** True with this probability. */
  hits(probability: number): boolean;
  /** Uniform between the two, in ms. */
  between(from: number, to: number): number;
  pick<T>(list: readonly T[]): T | undefined;
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  function random(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  return {
    random,
    hits: (probability) => probability > 0 && random() < probability,
    between: (from, to) => from + (to - from) * random(),
    pick: (list) => list[Math.floor(random() * list.length)],
  };
}
