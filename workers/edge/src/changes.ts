import { CHANGES_KEY, type Changes, NO_CHANGES, parseChanges } from "@prewarm/shared/changes";
import type { Clock } from "@prewarm/shared/clock";
import type { EdgeCache, ObjectStore } from "./bindings.ts";
import { attempt, withTimeLimit } from "./time-limit.ts";

type Background = (work: Promise<unknown>) => void;

/** Where a request reads the changes for. */
export interface ChangesRequest {
  /** Scheme and host under which the viewer came. */
  origin: string;
  /** Keeps work alive after the answer has gone. */
  background: Background;
  /** Longest wait for R2, in ms. */
  waitMs: number;
}

/** What a reader works with. */
interface ReaderDeps {
  images: ObjectStore;
  cache: EdgeCache;
  clock: Pick<Clock, "now">;
  heldMs: number;
  log(event: string, fields: Record<string, string>): void;
}

/** The changes as an isolate knows them. */
export interface KnownChanges extends Changes {
  /** False: this isolate has never read them, so it cannot judge a copy. */
  isRead: boolean;
  /** False: they were read more than 30 s ago, because R2 does not answer. There may be newer ones. */
  isFresh: boolean;
}

/** The changes as this isolate knows them, at most 30 s old while R2 answers. */
export interface ChangesReader {
  /** Never rejects: while R2 does not answer, the last known changes count. */
  read(request: ChangesRequest): Promise<KnownChanges>;
}

/** How long the data centre's cache keeps the changes, and how old they may then become in an isolate's memory, in ms. */
export const HELD_MS = 15_000;
/** From this share of that age on one request reads them anew while the others go on, so that a busy isolate never waits. */
const REFRESH_SHARE = 2 / 3;
/** After a read has begun, no other request of this isolate begins one for this long, in ms; nor after a failed read. */
const TURN_MS = 5_000;
/** A cache that hangs must not keep the changes from being read, in ms. */
const CACHE_WAIT_MS = 250;

/** Each age is counted on one machine. No two clocks are compared. */
export function createChangesReader({ images, cache, clock, heldMs, log }: ReaderDeps): ChangesReader {
  let held = { changes: parseChanges(NO_CHANGES), at: Number.NEGATIVE_INFINITY, isTold: false };
  let turnUntil = Number.NEGATIVE_INFINITY;
  let failedUntil = Number.NEGATIVE_INFINITY;

  const refresh = async (origin: string, background: Background): Promise<void> => {
    const at = clock.now();
    turnUntil = at + TURN_MS;
    const url = `${origin}/.changes`;
    const copy = await textOfCopy(cache, url);
    const text = copy ?? (await textInStore(images));
    // A lost object does not take back what it told.
    if (text === NO_CHANGES && held.isTold) throw new Error("lost");
    held = { changes: parseChanges(text), at, isTold: text !== NO_CHANGES };
    const headers = { "Cache-Control": `max-age=${Math.floor(heldMs / 1000)}` };
    if (copy === null) background(attempt(() => cache.put(url, new Response(text, { headers }))));
  };

  const tryToRefresh = async (origin: string, background: Background): Promise<void> => {
    try {
      await refresh(origin, background);
    } catch (error) {
      failedUntil = clock.now() + TURN_MS;
      log("edge.degraded", { step: "changes", reason: String(error) });
    }
  };

  return {
    read: async ({ origin, background, waitMs }) => {
      const now = clock.now();
      const age = now - held.at;
      const mustWait = age >= heldMs;
      if (now >= failedUntil && (mustWait || (age >= REFRESH_SHARE * heldMs && now >= turnUntil))) {
        const refreshed = tryToRefresh(origin, background);
        background(refreshed);
        // A read that is late still counts once it ends.
        if (mustWait && !(await withTimeLimit(() => refreshed, waitMs)).ok) failedUntil = clock.now() + TURN_MS;
      }
      const { changes, at } = held;
      return { ...changes, isRead: Number.isFinite(at), isFresh: clock.now() - at <= 2 * heldMs };
    },
  };
}

/** Null: the data centre's cache has none, or does not answer. */
async function textOfCopy(cache: EdgeCache, url: string): Promise<string | null> {
  const matched = await withTimeLimit(() => cache.match(url), CACHE_WAIT_MS);
  // biome-ignore lint/plugin: a copy of an object that the ledger wrote
  return matched.ok && matched.value !== undefined ? matched.value.text() : null;
}

async function textInStore(images: ObjectStore): Promise<string> {
  const object = await images.get(CHANGES_KEY);
  // Before the first change there is none.
  // biome-ignore lint/plugin: an object that the ledger wrote
  return object === null ? NO_CHANGES : object.text();
}
