/** A call that a receiver got. `status`: null until the receiver has answered. */
export interface Call {
  n: number;
  key: string;
  status: number | null;
}

/**
 * Receivers of the deliveries `n`, which are slow, and some of which fail the first time. A receiver that answers 500 has
 * taken the webhook all the same, and one that answers 429 has not.
 */
export class Receivers {
  readonly calls: Call[] = [];
  /** The keys under which each delivery was taken. */
  readonly taken = new Map<number, Set<string>>();
  /** The most keys under way at once. */
  most = 0;
  readonly #underWay = new Map<string, number>();
  readonly #times = new Map<number, number>();

  /** Begins a call. `ms`: how long the receiver takes. */
  begin(n: number, key: string): { call: Call; status: number; ms: number } {
    const time = (this.#times.get(n) ?? 0) + 1;
    this.#times.set(n, time);
    const call: Call = { n, key, status: null };
    this.calls.push(call);
    this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1);
    this.most = Math.max(this.most, this.#underWay.size);
    const status = time > 1 ? 200 : n % 10 === 3 ? 500 : n % 25 === 4 ? 429 : 200;
    if (status !== 429) this.taken.set(n, (this.taken.get(n) ?? new Set()).add(key));
    return { call, status, ms: n % 50 === 7 ? 3_000 : 200 + (n % 9) * 50 };
  }

  /** Ends a call with its answer. */
  end(call: Call, status: number): void {
    call.status = status;
    const left = (this.#underWay.get(call.key) ?? 1) - 1;
    if (left === 0) this.#underWay.delete(call.key);
    else this.#underWay.set(call.key, left);
  }

  /** A reset ended the receivers' work too, so these calls are never answered. */
  forgetUnanswered(): void {
    this.#underWay.clear();
    for (const call of this.calls) call.status ??= 0;
  }

  /** Calls without an answer. */
  get unanswered(): number {
    return this.calls.filter(({ status }) => status === null).length;
  }

  /** Deliveries that were answered 200. */
  get delivered(): number {
    return new Set(this.calls.flatMap(({ n, status }) => (status === 200 ? [n] : []))).size;
  }

  /** Deliveries that were taken under more than one key. */
  get doubled(): number[] {
    return [...this.taken].flatMap(([n, keys]) => (keys.size > 1 ? [n] : []));
  }
}
