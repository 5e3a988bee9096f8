import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

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

interface ResourceOptions<T> {
  load(signal: AbortSignal): Promise<T>;
  /** Between the end of one load and the next, in ms; null loads once. */
  everyMs: number | null;
  /** False: no load starts by itself. */
  live: ReadonlySignal<boolean>;
  /** Whether nothing changes after this answer, so that polling stops. Default: never. */
  isFinal?: ((data: T) => boolean) | undefined;
  timers?: Timers;
}

/** An answer of the server that is kept up to date. The old answer stays until a newer one is here, so that nothing flashes. */
export interface Resource<T> {
  data: Signal<T | null>;
  error: Signal<Error | null>;
  /** True while a load is under way. */
  busy: Signal<boolean>;
  /** True while `data` is the answer to another query than the one that is followed now. */
  previous: Signal<boolean>;
  /** When the load under way began, Unix ms; null: none is. */
  since: Signal<number | null>;
  /** When `data` came, Unix ms. */
  loadedAt: Signal<number | null>;
  /** Loads now; a load under way is dropped. */
  refresh(): Promise<void>;
  /** Follow another query; the old answer stays until the new one is here. */
  follow(load: (signal: AbortSignal) => Promise<T>): Promise<void>;
  close(): void;
}

/** A failing server is asked ever less often, up to this. */
const SLOWEST_MS = 30_000;

export function createResource<T>(options: ResourceOptions<T>): Resource<T> {
  return new Polled(options);
}

class Polled<T> implements Resource<T> {
  readonly data = signal<T | null>(null);
  readonly error = signal<Error | null>(null);
  readonly busy = signal(false);
  readonly loadedAt = signal<number | null>(null);
  readonly previous = signal(false);
  readonly since = signal<number | null>(null);
  readonly #options: ResourceOptions<T>;
  readonly #timers: Timers;
  readonly #unsubscribe: () => void;
  #load: (signal: AbortSignal) => Promise<T>;
  #timer: unknown = null;
  #under: AbortController | null = null;
  #failures = 0;
  #closed = false;

  constructor(options: ResourceOptions<T>) {
    this.#options = options;
    this.#timers = options.timers ?? browserTimers;
    this.#load = options.load;
    let wasLive = options.live.value;
    // A view that runs again after a pause is out of date, so it loads at once. A view that is paused just stops.
    this.#unsubscribe = options.live.subscribe((live) => {
      if (live && !wasLive && options.everyMs !== null && !this.#isFinal) void this.refresh();
      else if (!live) this.#timers.clear(this.#timer);
      wasLive = live;
    });
    void this.refresh();
  }

  async refresh(): Promise<void> {
    this.#under?.abort();
    this.#timers.clear(this.#timer);
    const mine = new AbortController();
    this.#under = mine;
    this.busy.value = true;
    this.since.value = this.#timers.now();
    const result = await this.#load(mine.signal).then(
      (value) => ({ value, error: null }),
      (error: unknown) => ({ value: null, error: error instanceof Error ? error : new Error(String(error)) }),
    );
    // Another load has begun since, or the resource is closed: nobody needs this answer.
    if (this.#under !== mine || this.#closed) return;
    this.#take(result);
    const tookMs = this.#timers.now() - (this.since.value ?? 0);
    this.busy.value = false;
    this.since.value = null;
    this.#schedule(tookMs);
  }

  follow(load: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#load = load;
    this.previous.value = this.data.value !== null;
    return this.refresh();
  }

  close(): void {
    this.#closed = true;
    this.#under?.abort();
    this.#timers.clear(this.#timer);
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
    this.previous.value = false;
    this.data.value = result.value;
    this.loadedAt.value = this.#timers.now();
  }

  /** What takes long is asked more rarely: a search walks the whole ledger. */
  #schedule(tookMs: number): void {
    const { everyMs, live } = this.#options;
    if (everyMs === null || !live.value || this.#isFinal) return;
    const slower = Math.max(everyMs, 5 * tookMs) * 2 ** Math.min(this.#failures, 10);
    this.#timer = this.#timers.set(() => void this.refresh(), Math.min(Math.max(SLOWEST_MS, everyMs), slower));
  }
}
