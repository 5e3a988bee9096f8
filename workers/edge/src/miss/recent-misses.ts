import type { EdgeCache } from "../bindings.ts";
import type { AskedRecord, RecentMisses } from "../request-context.ts";

/** Silence after the first message, in ms; each further message doubles it. */
const FIRST_WINDOW_MS = 10_000;
const LAST_WINDOW_MS = 300_000;
/**
 * An isolate remembers a key's count for this long after its window, in ms. Then the key starts with the first window
 * again.
 */
const REMEMBER_MS = 600_000;
/** A turn ends by itself after this many ms, because the client of its request may have left. */
const TURN_MS = 2_000;
/** Some 200 bytes each: about 2 MB of the 128 MB of an isolate. */
const MAX_KEYS = 10_000;

/** Silence after so many messages in a row, in ms: 10 s, doubling to 300 s. */
export function windowMs(timesAsked: number): number {
  return Math.min(LAST_WINDOW_MS, FIRST_WINDOW_MS * 2 ** Math.max(0, timesAsked - 1));
}

export function createRecentMisses(cache: EdgeCache, maxKeys: number = MAX_KEYS): RecentMisses {
  const records = new Map<string, AskedRecord>();
  const keep = (key: string, record: AskedRecord): void => {
    // A Map keeps the order of insertion. The delete makes its first key the one that was kept longest ago.
    records.delete(key);
    records.set(key, record);
    if (records.size <= maxKeys) return;
    const oldest = records.keys().next().value;
    if (oldest !== undefined) records.delete(oldest);
  };
  return {
    get: (key, now) => {
      const record = records.get(key);
      return record !== undefined && now < record.silentUntil ? record.detail : null;
    },
    claimTurn: (key, now) => {
      const before = records.get(key);
      const timesAsked = before !== undefined && now < before.silentUntil + REMEMBER_MS ? before.timesAsked : 0;
      keep(key, { detail: "pending", timesAsked, silentUntil: now + TURN_MS });
      return timesAsked;
    },
    keep,
    forget: (key) => void records.delete(key),
    ...createNotes(cache),
  };
}

const TIMES_ASKED = "Prewarm-Asked";
const SILENT_UNTIL = "Prewarm-Silent-Until";

function createNotes(cache: EdgeCache): Pick<RecentMisses, "readNote" | "putNote" | "deleteNote" | "mayHaveNote"> {
  const noteUrl = (origin: string, key: string): string => `${origin}/.asked/${key}`;
  return {
    readNote: async (origin, key) => {
      const found = await cache.match(noteUrl(origin, key));
      const timesAsked = Number(found?.headers.get(TIMES_ASKED));
      const silentUntil = Number(found?.headers.get(SILENT_UNTIL));
      return timesAsked > 0 && silentUntil > 0 ? { timesAsked, silentUntil } : null;
    },
    putNote: async (origin, key, { timesAsked, silentUntil }, now) => {
      const seconds = Math.ceil((silentUntil + REMEMBER_MS - now) / 1000);
      const headers = {
        [TIMES_ASKED]: String(timesAsked),
        [SILENT_UNTIL]: String(silentUntil),
        "Cache-Control": `max-age=${seconds}`,
      };
      await cache.put(noteUrl(origin, key), new Response("asked", { headers }));
    },
    deleteNote: async (origin, key) => void (await cache.delete(noteUrl(origin, key))),
    mayHaveNote: (storedAt, now) => now - storedAt <= LAST_WINDOW_MS + REMEMBER_MS,
  };
}
