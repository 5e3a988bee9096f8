import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** How a resource waits; tests pass their own. */
export interface Timers {
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
  now(): number;
}

export const browserTimers: Timers = {
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
  timers?: Timers;
}

/** Something the server knows, kept up to date. What was shown stays until there is something newer: nothing flashes. */
export interface Resource<T> {
  data: Signal<T | null>;
  error: Signal<Error | null>;
  /** True while a load is under way. */
  busy: Signal<boolean>;
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
  const timers = options.timers ?? browserTimers;
  const state = {
    data: signal<T | null>(null),
    error: signal<Error | null>(null),
    busy: signal(false),
    loadedAt: signal<number | null>(null),
  };
  let load = options.load;
  let timer: unknown = null;
  let under: AbortController | null = null;
  let failures = 0;
  let closed = false;

  async function refresh(): Promise<void> {
    under?.abort();
    timers.clear(timer);
    const mine = new AbortController();
    under = mine;
    state.busy.value = true;
    const result = await load(mine.signal).then(
      (value) => ({ value, error: null }),
      (error: unknown) => ({ value: null, error: error instanceof Error ? error : new Error(String(error)) }),
    );
    // Another load, or the end, has overtaken this one: its answer is of no interest.
    if (under !== mine || closed) return;
    failures = result.error ? failures + 1 : 0;
    state.error.value = result.error;
    if (!result.error) {
      state.data.value = result.value;
      state.loadedAt.value = timers.now();
    }
    state.busy.value = false;
    schedule();
  }

  function schedule(): void {
    timers.clear(timer);
    if (closed || options.everyMs === null || !options.live.value) return;
    timer = timers.set(
      () => void refresh(),
      Math.min(Math.max(SLOWEST_MS, options.everyMs), options.everyMs * 2 ** Math.min(failures, 10)),
    );
  }

  // A view that was paused is stale the moment it runs again; one that is being paused just stops.
  let wasLive = options.live.value;
  const unsubscribe = options.live.subscribe((live) => {
    if (live && !wasLive && options.everyMs !== null) void refresh();
    else if (!live) timers.clear(timer);
    wasLive = live;
  });
  void refresh();
  return {
    ...state,
    refresh,
    follow: (next) => {
      load = next;
      return refresh();
    },
    close: () => {
      closed = true;
      under?.abort();
      timers.clear(timer);
      unsubscribe();
    },
  };
}
