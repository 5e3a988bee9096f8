import { type Signal, signal } from "@preact/signals";
import type { Job } from "@prewarm/control-schema/jobs";
import type { JobState } from "@prewarm/control-schema/words";

/** What is ticked in a list; ids survive paging and polling. */
export interface Selection {
  ids: Signal<ReadonlySet<string>>;
  /** A click on a row's box; with Shift all between it and the last one clicked. `order` is the list as shown. */
  click(id: string, order: readonly string[], shift: boolean): void;
  setAll(order: readonly string[], on: boolean): void;
  /** Remembers how the jobs shown stand. */
  see(jobs: readonly Pick<Job, "job" | "state">[]): void;
  /** Whether one of the ticked is in one of the states, as far as is known. */
  anyIn(states: readonly JobState[]): boolean;
  clear(): void;
}

export function createSelection(ticked: readonly string[] = []): Selection {
  const ids = signal<ReadonlySet<string>>(new Set(ticked));
  const seen = new Map<string, JobState>();
  let anchor: string | null = null;
  const set = (some: readonly string[], on: boolean) => {
    const next = new Set(ids.value);
    for (const id of some) on ? next.add(id) : next.delete(id);
    ids.value = next;
  };
  return {
    ids,
    click(id, order, shift) {
      const on = !ids.value.has(id);
      const [from, to] = [order.indexOf(anchor ?? id), order.indexOf(id)].sort((a, b) => a - b);
      set(shift && from !== undefined && from >= 0 && to !== undefined ? order.slice(from, to + 1) : [id], on);
      anchor = id;
    },
    setAll: set,
    see(jobs) {
      for (const { job, state } of jobs) seen.set(job, state);
    },
    anyIn: (states) => [...ids.value].some((id) => states.includes(seen.get(id) ?? states[0] ?? "dead")),
    clear() {
      ids.value = new Set();
      anchor = null;
    },
  };
}
