/** What a unit of work asks for. */
export interface Turn {
  /** How much of the capacity it takes, never more than all of it; default 1. */
  weight?: number;
  /** Who waits with a smaller rank goes first; default 0. */
  rank?: number;
}

/** Lets at most `capacity` units of work go on at once, in order of rank, then of arrival. */
export interface Semaphore {
  /** Waits until its weight is free, runs `work`, and gives it back. */
  run<T>(work: () => Promise<T>, turn?: Turn): Promise<T>;
}

export function createSemaphore(capacity: number): Semaphore {
  let free = capacity;
  const waiting: { weight: number; rank: number; start: () => void }[] = [];

  function queue(weight: number, rank: number): Promise<void> {
    return new Promise((start) => {
      const behind = waiting.findIndex((other) => other.rank > rank);
      waiting.splice(behind === -1 ? waiting.length : behind, 0, { weight, rank, start });
    });
  }

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
    async run(work, { weight: asked = 1, rank = 0 } = {}) {
      const weight = Math.min(asked, capacity);
      if (waiting.length === 0 && weight <= free) free -= weight;
      else await queue(weight, rank);
      try {
        return await work();
      } finally {
        release(weight);
      }
    },
  };
}
