/** Counts texts in bounded memory: of more different ones than fit, those that were seen least are forgotten. */
export interface TopCounts {
  add(text: string): void;
  /** The most frequent first; of equals, the one that was seen first. */
  top(most: number): readonly (readonly [text: string, count: number])[];
  /** Whether texts were forgotten, so that a count may be too small. */
  readonly isRough: boolean;
}

/** `capacity`: texts that are kept at most, 2 or more. When they are full the rarer half goes, so an addition costs a constant on average. */
export function createTopCounts(capacity: number): TopCounts {
  let counts = new Map<string, number>();
  let isRough = false;
  const sorted = (): [string, number][] => [...counts].sort(([, one], [, other]) => other - one);
  return {
    add(text) {
      const known = counts.get(text);
      if (known === undefined && counts.size >= capacity) {
        isRough = true;
        counts = new Map(sorted().slice(0, Math.floor(capacity / 2)));
      }
      counts.set(text, (known ?? 0) + 1);
    },
    top: (most) => sorted().slice(0, most),
    get isRough() {
      return isRough;
    },
  };
}
