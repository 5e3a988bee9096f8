import type { Warning } from "@prewarm/control-schema/stats";

/** Codes of what has happened within the hour. Whether it still goes on the server does not say. */
const PAST = ["refusing", "died", "dead"];

export interface Incidents {
  /** What goes on, then what is over: problems before warnings, then the newest first. */
  all: Warning[];
  past: Warning[];
  acknowledged: Warning[];
}

/** Every trouble, apart from those that an operator has acknowledged. A note is no trouble. */
export function incidentsOf(warnings: readonly Warning[]): Incidents {
  const real = warnings
    .filter(({ level }) => level !== "note")
    // Without a time it is measured at this moment. Sorting keeps the server's order, the worst first, where nothing else decides.
    .toSorted((a, b) => rank(a) - rank(b) || newer(b.since) - newer(a.since));
  const all = real.filter((one) => one.acknowledged === null);
  return { all, past: all.slice(1).filter(isPast), acknowledged: real.filter((one) => one.acknowledged !== null) };
}

export function isPast({ code }: Warning): boolean {
  return PAST.includes(code);
}

function rank(one: Warning): number {
  return (isPast(one) ? 2 : 0) + (one.level === "problem" ? 0 : 1);
}

function newer(since: number | null): number {
  return since ?? Number.MAX_SAFE_INTEGER;
}
