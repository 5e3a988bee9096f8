/** Lets at most `capacity` units of work go on at once, in order of arrival. */
export interface Semaphore {
  /** Waits until `weight` units are free (never more than the capacity), runs `work`, and gives them back. */
  run<T>(work: () => Promise<T>, weight?: number): Promise<T>;
}

export function createSemaphore(capacity: number): Semaphore {
  let free = capacity;
  const waiting: { weight: number; start: () => void }[] = [];

  function release(weight: number): void {
    free += weight;
    // Strictly in order: a heavy waiter is never starved by light ones behind it.
    for (let next = waiting[0]; next !== undefined && next.weight <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.weight;
      next.start();
    }
  }

  return {
    async run(work, asked = 1) {
      const weight = Math.min(asked, capacity);
      if (waiting.length === 0 && weight <= free) free -= weight;
      else await new Promise<void>((start) => waiting.push({ weight, start }));
      try {
        return await work();
      } finally {
        release(weight);
      }
    },
  };
}
