import type { Background, Edge } from "./bindings.ts";
import type { Ask } from "./request/target.ts";

/** One request on its way: what is asked, what it may use, how much time is left, and what took how long. */
export interface Visit {
  ask: Ask;
  edge: Edge;
  background: Background;
  /** Milliseconds left of the budget for cache, R2 and queue together; at most `cap`. */
  left(cap: number): number;
  /** Notes that a step has just ended, for `Server-Timing`. */
  mark(step: string): void;
  /** The `Server-Timing` header so far. */
  timing(): string;
}

/** Starts the clock. On the platform it advances only with I/O, which is all that is timed here. */
export function startVisit(ask: Ask, edge: Edge, background: Background): Visit {
  const { clock } = edge;
  const start = clock.now();
  const deadline = start + edge.config.edgeBudgetMs;
  let last = start;
  let timing = "";
  return {
    ask,
    edge,
    background,
    left: (cap) => Math.min(cap, deadline - clock.now()),
    mark: (step) => {
      const now = clock.now();
      timing += `${timing === "" ? "" : ", "}${step};dur=${now - last}`;
      last = now;
    },
    timing: () => timing,
  };
}
