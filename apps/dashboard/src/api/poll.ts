import { type ReadonlySignal, signal } from "@preact/signals";
import { errorOf } from "../lib/error-of.ts";

/** How a resource waits; tests pass their own. */
export interface Timers {
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
  now(): number;
}

const browserTimers: Timers = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer as number),
  now: () => Date.now(),
};

export interface ResourceOptions<T> {
  load(signal: AbortSignal): Promise<T>;
  /** Between the end of one load and the next, in ms; null loads once. */
  everyMs: number | null;
  /** False: no load starts by itself. */
  live: ReadonlySignal<boolean>;
  /** Changes when somebody uses the page: what is asked more rarely by then is asked at once. Default: never. */
  used?: ReadonlySignal<number> | undefined;
  /** Changes when something that this answer may tell of has changed: a pause is no longer than four paces then. Default: never. */
  news?: ReadonlySignal<number> | undefined;
  /** Longest pause while an answer stays the same, where it is longer than the pace, in ms. Default: 30 s. */
  calmestMs?: number | undefined;
  /** Called after each answer that says something else than the one before. */
  onChange?: (() => void) | undefined;
  /** Whether nothing changes after this answer, so that polling stops. Default: never. */
  isFinal?: ((data: T) => boolean) | undefined;
  timers?: Timers;
}

/** A failing server is asked ever less often, up to this. */
const SLOWEST_MS = 30_000;
/** An answer that stays the same is asked for half as often each time; after news at least after so many paces. */
const PACES_AFTER_NEWS = 4;

/** Fields that move with the clock alone. */
const CLOCKS = ["at", "from"];

/** Whether two answers say the same, but for the times at which they were given. */
function saysTheSame(a: unknown, b: unknown): boolean {
  const text = (value: unknown) => JSON.stringify(value, (name, part) => (CLOCKS.includes(name) ? null : part));
  return a === b || text(a) === text(b);
}

/** An answer of the server that is kept up to date. The old answer stays until a newer one is here, so that nothing flashes. */
export class Resource<T> {
  readonly data = signal<T | null>(null);
  readonly error = signal<Error | null>(null);
  /** True while a load is under way. */
  readonly busy = signal(false);
  /** When `data` came, Unix ms. */
  readonly loadedAt = signal<number | null>(null);
  /** True while `data` is the answer to another query than the one that is followed now. */
  readonly previous = signal(false);
  /** When the load under way began, Unix ms; null: none is. */
  readonly since = signal<number | null>(null);
  readonly #options: ResourceOptions<T>;
  readonly #timers: Timers;
  readonly #unsubscribe: () => void;
  #load: (signal: AbortSignal) => Promise<T>;
  #timer: unknown = null;
  /** When the next load begins, Unix ms; 0: none is planned. */
  #dueAt = 0;
  #under: AbortController | null = null;
  #failures = 0;
  /** Answers in a row that said nothing new. */
  #same = 0;
  #closed = false;

  constructor(options: ResourceOptions<T>) {
    this.#options = options;
    this.#timers = options.timers ?? browserTimers;
    this.#load = options.load;
    let wasLive = options.live.value;
    const unuse = options.used?.subscribe(() => this.#wake());
    const unhear = options.news?.subscribe(() => this.#hear());
    // A view that runs again after a pause is out of date, so it loads at once. A view that is paused just stops.
    const unlive = options.live.subscribe((live) => {
      if (live && !wasLive && options.everyMs !== null && !this.#isFinal) void this.refresh();
      else if (!live) this.#forget();
      wasLive = live;
    });
    this.#unsubscribe = () => {
      unlive();
      unuse?.();
      unhear?.();
    };
    void this.refresh();
  }

  /** Loads now; a load under way is dropped. A property, so that it may be handed on without its resource. */
  readonly refresh = async (): Promise<void> => {
    this.#under?.abort();
    this.#forget();
    const mine = new AbortController();
    this.#under = mine;
    this.busy.value = true;
    this.since.value = this.#timers.now();
    const result = await this.#load(mine.signal).then(
      (value) => ({ value, error: null }),
      (error: unknown) => ({ value: null, error: errorOf(error) }),
    );
    // Another load has begun since, or the resource is closed: nobody needs this answer.
    if (this.#under !== mine || this.#closed) return;
    this.#take(result);
    const tookMs = this.#timers.now() - (this.since.value ?? 0);
    this.busy.value = false;
    this.since.value = null;
    this.#schedule(tookMs);
  };

  /** Follow another query; the old answer stays until the new one is here. */
  follow(load: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#load = load;
    this.#same = 0;
    this.previous.value = this.data.value !== null;
    return this.refresh();
  }

  close(): void {
    this.#closed = true;
    this.#under?.abort();
    this.#forget();
    this.#unsubscribe();
  }

  get #isFinal(): boolean {
    const data = this.data.value;
    return data !== null && !this.previous.value && this.#options.isFinal?.(data) === true;
  }

  #take(result: { value: T | null; error: Error | null }): void {
    this.#failures = result.error ? this.#failures + 1 : 0;
    this.error.value = result.error;
    if (result.error) return;
    const isFirst = this.data.value === null;
    this.#same = saysTheSame(this.data.value, result.value) ? this.#same + 1 : 0;
    this.previous.value = false;
    this.data.value = result.value;
    this.loadedAt.value = this.#timers.now();
    if (!isFirst && this.#same === 0) this.#options.onChange?.();
  }

  /** Somebody uses the page again: what was asked for more rarely may be old. */
  #wake(): void {
    if (this.#same === 0) return;
    this.#same = 0;
    const { everyMs, live } = this.#options;
    if (everyMs !== null && live.value && this.since.value === null && !this.#isFinal) void this.refresh();
  }

  /** Something has changed elsewhere: a long pause ends earlier. */
  #hear(): void {
    const { everyMs } = this.#options;
    if (everyMs === null || this.#failures > 0) return;
    const due = (this.loadedAt.value ?? 0) + everyMs * PACES_AFTER_NEWS;
    if (due < this.#dueAt) this.#plan(Math.max(0, due - this.#timers.now()));
  }

  /** What takes long is asked more rarely, for a search walks the whole ledger; so is what does not change. */
  #schedule(tookMs: number): void {
    const { everyMs, live, calmestMs = SLOWEST_MS } = this.#options;
    if (everyMs === null || !live.value || this.#isFinal) return;
    const least = Math.max(everyMs, Math.min(5 * tookMs, SLOWEST_MS));
    const slower = least * 2 ** Math.min(this.#failures + this.#same, 10);
    this.#plan(Math.min(slower, Math.max(least, this.#failures > 0 ? SLOWEST_MS : calmestMs)));
  }

  #plan(ms: number): void {
    this.#forget();
    this.#dueAt = this.#timers.now() + ms;
    this.#timer = this.#timers.set(() => void this.refresh(), ms);
  }

  #forget(): void {
    this.#timers.clear(this.#timer);
    this.#dueAt = 0;
  }
}
