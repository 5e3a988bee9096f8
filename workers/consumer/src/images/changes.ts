import { printChanges } from "@prewarm/shared/changes";
import { DAY_MS } from "@prewarm/shared/clock";
import { COPY_SECONDS } from "@prewarm/shared/limits";
import type { ImageTx } from "./image-tx.ts";
import {
  dropChanges,
  firstUntold,
  lastUntold,
  noteTold,
  printRecent,
  putChange,
  putChangeOfAll,
  readBefore,
} from "./tables/changes.ts";

/*
 * The changes object tells the edges which images have changed, each by its fences. A stored object of a lower
 * generation is older than the change (packages/shared/src/changes.ts). Numbers are times in µs, so a number shows its
 * age.
 */

/** The object names a change this long: as long as a copy lives, and a day for copies of late answers. */
const NAMED_MS = COPY_SECONDS * 1000 + DAY_MS;
/** The most characters of the object. Chosen: an edge reads it twice a minute, and parses it in some milliseconds. */
export const CHANGES_MAX_CHARS = 1_000_000;
/**
 * Younger changes keep their entries in an object that is too long, because the sweeps of their purges may be running.
 */
const YOUNG_MS = 3_600_000;

/**
 * Notes for the edges that an image (`id`: encoded) has changed. Call it after the change has raised the fences.
 * `isFirst`: no job of the image is older, so no handler can put an older object.
 */
export function noteChange(tx: ImageTx, id: string, isFirst = false): void {
  putChange(tx.sql, id, tx.next(), { isFirst });
}

/**
 * Notes for the edges that an order makes an image (`id`: encoded) again. Call it before its jobs are accepted: they
 * replace the old objects.
 */
export function noteForced(tx: ImageTx, id: string): void {
  const fence = tx.next();
  putChange(tx.sql, id, fence, { forced: fence });
}

/**
 * Notes for the edges that any object may be older than a change, because this copy of the database may lack changes.
 */
export function noteRestored(tx: ImageTx): void {
  putChangeOfAll(tx.sql, tx.next());
}

/** The next changes object. `seq`: it names every change up to this number. Null: the edges know all changes. */
export function nextChanges(tx: ImageTx): { text: string; seq: number } | null {
  const { sql, now } = tx;
  const seq = lastUntold(sql);
  if (seq === null) return null;
  const since = numberAt(now - NAMED_MS);
  dropChanges(sql, since);
  const entries = fitting(tx, printRecent(sql)).map(({ entry }) => entry);
  return { text: printChanges({ before: readBefore(sql, since), seq }, entries), seq };
}

/** The newest entries that fit. Drops the others, so that every object of their time counts as old. */
function fitting({ sql, now }: ImageTx, recent: { seq: number; entry: string }[]): { entry: string }[] {
  let chars = 0;
  const cut = recent.findIndex(({ seq, entry }) => {
    chars += entry.length + 1;
    return chars > CHANGES_MAX_CHARS && seq <= numberAt(now - YOUNG_MS);
  });
  const first = recent[cut];
  if (first === undefined) return recent;
  dropChanges(sql, first.seq);
  putChangeOfAll(sql, Math.max(first.seq, readBefore(sql, 0)));
  return recent.slice(0, cut);
}

/** Notes that the changes object was put. */
export function changesPut({ sql, now }: ImageTx, seq: number): void {
  noteTold(sql, seq, now);
}

/** The time of the oldest change that the edges may not know, Unix ms. Null: they know all. */
export function untoldSince({ sql }: ImageTx): number | null {
  const seq = firstUntold(sql);
  return seq === null ? null : Math.floor(seq / 1000);
}

/** The number that the clock would give at a time (Unix ms). */
function numberAt(ms: number): number {
  return ms * 1000;
}
