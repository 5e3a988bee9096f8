import type { Level, Trouble } from "@prewarm/control-schema/troubles";

/*
 * Which troubles others were told of. A trouble stands until it has been away for two minutes, so one that comes and
 * goes is told once. A problem is told at once, another trouble when it has stood for 30 seconds. A worse level is told
 * likewise, a milder one when no worse one was seen for two minutes.
 */

const STANDS_MS = 30_000;
const AWAY_MS = 120_000;
const RANKS: Record<Level, number> = { note: 0, warning: 1, problem: 2 };

/** A trouble that stands. Times are Unix ms. */
interface Entry {
  since: number;
  /** When it was seen last, and when at the level that was told, or at a worse one. */
  seen: number;
  asBad: number;
  /** The level that others were told last; null: none yet. */
  told: Level | null;
  /** Since when it is worse than that. */
  worse: number | null;
  /** The largest number that it has affected. */
  count: number;
  /** As it was seen last. */
  last: Told;
}

/** What an event says of a trouble. */
export type Told = Pick<Trouble, "key" | "part" | "host" | "level" | "code" | "affects" | "sentence" | "cure" | "link">;

/** The troubles that stand, by their keys. */
export type Book = Readonly<Record<string, Entry>>;

/** `closed`: how long it stood (ms), and the largest number that it has affected. */
export type Change =
  | { kind: "opened"; since: number; trouble: Told }
  | { kind: "closed"; since: number; forMs: number; count: number; trouble: Told };

/** What has changed since the last look, and the book after this one. `now`: Unix ms. */
export function look(book: Book, troubles: readonly Trouble[], now: number): { book: Book; changes: Change[] } {
  const changes: Change[] = [];
  const after: Record<string, Entry> = {};
  for (const trouble of troubles) {
    const entry = seen(book[trouble.key], trouble, now);
    if (isNews(entry, now)) {
      Object.assign(entry, { told: trouble.level, worse: null, asBad: now });
      changes.push({ kind: "opened", since: entry.since, trouble: entry.last });
    }
    after[trouble.key] = entry;
  }
  for (const [key, entry] of Object.entries(book)) {
    if (key in after) continue;
    if (now - entry.seen < AWAY_MS) after[key] = entry;
    else if (entry.told !== null) changes.push(closed(entry));
  }
  return { book: after, changes };
}

function seen(before: Entry | undefined, trouble: Trouble, now: number): Entry {
  const { key, part, host, level, code, affects, sentence, cure, link } = trouble;
  const last = { key, part, host, level, code, affects, sentence, cure, link };
  const { since, told, worse, asBad, count } = before ?? newEntry(trouble, now);
  const rank = RANKS[level] - (told === null ? -1 : RANKS[told]);
  return {
    since,
    seen: now,
    told,
    last,
    count: Math.max(count, affects.count),
    worse: rank > 0 ? (worse ?? now) : null,
    asBad: rank >= 0 ? now : asBad,
  };
}

function newEntry({ since }: Trouble, now: number): Pick<Entry, "since" | "told" | "worse" | "asBad" | "count"> {
  return { since: since ?? now, told: null, worse: null, asBad: now, count: 0 };
}

function isNews({ told, worse, asBad, last: { level } }: Entry, now: number): boolean {
  if (told === level) return false;
  if (told !== null && RANKS[level] < RANKS[told]) return now - asBad >= AWAY_MS;
  return level === "problem" || (worse !== null && now - worse >= STANDS_MS);
}

function closed({ since, seen: end, count, last }: Entry): Change {
  return { kind: "closed", since, forMs: Math.max(0, end - since), count, trouble: last };
}
