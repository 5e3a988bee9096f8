import type { Warning } from "@prewarm/control-schema/stats";

/** Codes of what has happened within the hour. Whether it still goes on the server does not say. */
const PAST = ["refusing", "died", "dead"];

/** What to do about a trouble, by its code. */
const CURES: Record<string, string> = {
  fault: "Correct the configuration, then deploy.",
  ledger: "Finish or cancel bulk runs.",
  restored: "Nothing. Jobs go on two minutes after the restore.",
  breaker: "Correct the Ittybit account. A test job finds that out; Reset the breaker to go on at once.",
  failing: "Remove the cause, then choose Try now.",
  refusing: "Correct the ids or upload the originals, then choose Retry refused.",
  died: "Remove the cause, then choose Retry dead.",
  slow: "Nothing. If it lasts, ask Ittybit.",
  stuck: "Look at /readyz, then at the Worker's log.",
  throttled: "Nothing. If it repeats, lower the rate.",
  budget: "Raise the budget, or wait for the next month.",
  paused: "Resume the lane once the reason is gone.",
};

export interface Incident extends Warning {
  /** What to do; empty where the sentence is enough. */
  cure: string;
  isPast: boolean;
}

/** Every trouble: what goes on before what is over, problems before warnings, then the newest first. A note is no trouble. */
export function incidentsOf(warnings: readonly Warning[]): Incident[] {
  const all = warnings
    .filter(({ level }) => level !== "note")
    .map((one) => ({ ...one, cure: CURES[one.code] ?? "", isPast: PAST.includes(one.code) }));
  // Without a time it is measured at this moment. Sorting keeps the server's order, the worst first, where nothing else decides.
  return all.toSorted((a, b) => rank(a) - rank(b) || newer(b.since) - newer(a.since));
}

function rank({ isPast, level }: Incident): number {
  return (isPast ? 2 : 0) + (level === "problem" ? 0 : 1);
}

function newer(since: number | null): number {
  return since ?? Number.MAX_SAFE_INTEGER;
}
