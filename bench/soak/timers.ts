interface Timer {
  at: number;
  run: () => void;
  cancelled: boolean;
}

/** Timers in order of their time (a binary heap), fired by whoever owns the time. */
export class Timers {
  readonly #heap: Timer[] = [];

  /** Runs `run` once when `fire` is called with a time not before `at`; the returned function cancels it. */
  add(at: number, run: () => void): () => void {
    const timer = { at, run, cancelled: false };
    this.#heap.push(timer);
    this.#up(this.#heap.length - 1);
    return () => {
      timer.cancelled = true;
      // What it would have kept alive may go now.
      timer.run = () => undefined;
    };
  }

  next(): number | null {
    while (this.#heap[0]?.cancelled === true) this.#pop();
    return this.#heap[0]?.at ?? null;
  }

  fire(now: number): void {
    for (let at = this.next(); at !== null && at <= now; at = this.next()) this.#pop()?.run();
  }

  #pop(): Timer | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down();
    }
    return first;
  }

  #up(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLater(parent, at)) return;
      at = parent;
    }
  }

  #down(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      const least = this.#at(right) < this.#at(left) ? right : left;
      if (least >= this.#heap.length || !this.#swapIfLater(at, least)) return;
      at = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swapIfLater(parent: number, child: number): boolean {
    const [a, b] = [this.#heap[parent], this.#heap[child]];
    if (a === undefined || b === undefined || a.at <= b.at) return false;
    this.#heap[parent] = b;
    this.#heap[child] = a;
    return true;
  }
}
