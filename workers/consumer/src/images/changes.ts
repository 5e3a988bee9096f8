import type { Sql } from "@prewarm/durable-queue";
import { printChanges } from "@prewarm/shared/changes";
import { DAY_MS } from "@prewarm/shared/clock";
import { COPY_SECONDS } from "@prewarm/shared/limits";
import type { ImageTx } from "./image-tx.ts";
import {
  dropChanges,
  type Entry,
  firstUntold,
  lastUntold,
  noteTold,
  printRecent,
  printUnswept,
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
/**
 * The most characters of the object's entries, and how many stay when there are more, so that `before` rises rarely.
 * Chosen: an edge reads the object twice a minute, and parses it in some milliseconds.
 */
const RECENT_CHARS = { most: 600_000, kept: 300_000 };
/** And of entries that are older than `before`, of images whose objects are still to be deleted. */
const UNSWEPT_CHARS = 400_000;
export const CHANGES_MAX_CHARS = RECENT_CHARS.most + UNSWEPT_CHARS;
/** Rows of the table that are read at once. Chosen. */
const PAGE_ROWS = 1_000;
/** An entry has at least so many characters, so that no more rows can fit. */
const ENTRY_MIN_CHARS = 16;
/** Rows that one put forgets. A put tells of fewer changes while requests are accepted. Chosen. */
const FORGOTTEN_ROWS = 5_000;
/** Rows stay this long, because receipts and late sweeps ask for them. */
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
  const recent = recentEntries(sql, since);
  const before = readBefore(sql, since);
  const unswept = firstOf(printUnswept(sql, before, UNSWEPT_CHARS / ENTRY_MIN_CHARS / 4), UNSWEPT_CHARS);
  dropChanges(sql, Math.max(since, Math.min(before, numberAt(now - YOUNG_MS))), FORGOTTEN_ROWS);
  const entries = [...recent, ...unswept].map(({ entry }) => entry);
  return { text: printChanges({ before, seq }, entries), seq };
}

/**
 * The newest entries that fit. Where more have changed, every object that is older than the first entry which does not
 * fit counts as old.
 */
function recentEntries(sql: Sql, since: number): Entry[] {
  const from = Math.max(since, readBefore(sql, since));
  const recent: Entry[] = [];
  let [to, chars] = [Number.MAX_SAFE_INTEGER, 0];
  while (chars <= RECENT_CHARS.most) {
    const page = printRecent(sql, { from, to, most: PAGE_ROWS });
    for (const entry of page) {
      recent.push(entry);
      chars += entry.entry.length + 1;
    }
    if (page.length < PAGE_ROWS && chars <= RECENT_CHARS.most) return recent;
    to = recent.at(-1)?.seq ?? to;
  }
  const kept = firstOf(recent, RECENT_CHARS.kept);
  putChangeOfAll(sql, recent[kept.length]?.seq ?? from);
  return kept;
}

/** The first entries, of so many characters together. */
function firstOf(entries: Entry[], most: number): Entry[] {
  let chars = 0;
  const cut = entries.findIndex(({ entry }) => {
    chars += entry.length + 1;
    return chars > most;
  });
  return cut < 0 ? entries : entries.slice(0, cut);
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
