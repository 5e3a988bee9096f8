import type { AuditEntry } from "@prewarm/control-schema/audit";

/* The log as a reader wants it: what was done in one minute stands together, and automatic moves of limits are one line an hour. */

export interface LogGroup {
  /** Of its newest entry, Unix ms. */
  at: number;
  entries: AuditEntry[];
  /** Only moves of automatic limits, of one hour. */
  isFolded: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Groups of entries that come newest first; a fold stands where its newest move does. */
export function groupsOf(entries: readonly AuditEntry[]): LogGroup[] {
  const groups = new Map<string, LogGroup>();
  for (const entry of entries) {
    const isFolded = entry.what === "limit.moved";
    const name = `${isFolded} ${Math.floor(entry.at / (isFolded ? HOUR_MS : MINUTE_MS))}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { at: entry.at, entries: [entry], isFolded });
    else group.entries.push(entry);
  }
  return [...groups.values()];
}

/** `rate 13.7 → 24.2, concurrency 50 → 60`: from where each limit came within the moves to where it went. */
export function movesWords({ entries }: LogGroup): string {
  const limits = [...new Set(entries.map(({ target }) => target))];
  return limits
    .map((limit) => {
      const moves = entries.filter(({ target }) => target === limit);
      const name = limit === "concurrency" ? "jobs at once" : "rate";
      return `${name} ${rounded(moves.at(-1)?.details.from)} → ${rounded(moves[0]?.details.to)}`;
    })
    .join(", ");
}

function rounded(value: unknown): string {
  return typeof value === "number" ? String(Math.round(value * 10) / 10) : "–";
}
