interface Timer {
  at: number;
  /** Of two at the same time the first one set rings first. */
  n: number;
  run: () => void;
  cancelled: boolean;
}

/** Timers in order of their time (a binary heap), fired by whoever owns the time. */
export class Timers {
  readonly #heap: Timer[] = [];
  #set = 0;

  /** Runs `run` once when `fire` is called with a time not before `at`; the returned function cancels it. */
  add(at: number, run: () => void): () => void {
    this.#set += 1;
    const timer = { at, n: this.#set, run, cancelled: false };
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

  /** Fires the one timer whose turn it is. */
  fireNext(): void {
    if (this.next() !== null) this.#pop()?.run();
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
      const least = this.#isLater(left, right) ? right : left;
      if (least >= this.#heap.length || !this.#swapIfLater(at, least)) return;
      at = least;
    }
  }

  #isLater(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.at > other.at || (one.at === other.at && one.n > other.n);
  }

  #swapIfLater(parent: number, child: number): boolean {
    const [a, b] = [this.#heap[parent], this.#heap[child]];
    if (a === undefined || b === undefined || !this.#isLater(parent, child)) return false;
    this.#heap[parent] = b;
    this.#heap[child] = a;
    return true;
  }
}
