import { OTHERS_MAX } from "@prewarm/shared/image-info";
import { decodeId, encodedIdOfKey, rangeOfKeys, versionOfKey } from "@prewarm/shared/variant-key";
import type { Announced } from "../images/calls.ts";
import type { GoneVariants, Noted } from "../store/info.ts";

/** A variant as a list shows it. */
export interface ListedVariant {
  key: string;
  bytes: number;
  smaller: Noted["smaller"];
  /** A note counts it: it is ours, and not the original's own picture. */
  isCounted: boolean;
  /** Unix ms. */
  uploaded: number;
}

/** A note as a list shows it. */
export interface ListedNote {
  /** How many variants it tells of. Infinity: it does not say, as what stands in a removed image's place. */
  listed: number;
  /** The version that it speaks of, and the number of its announcement (0: none). */
  version: string | null;
  announced: number;
  /** Unix ms. */
  uploaded: number;
}

/** An interval of the store: the variants above the key `from` up to and including `to` (null: up to the last one), and the notes of their images. */
export interface ListedSlice {
  from: string;
  to: string | null;
  variants: readonly ListedVariant[];
  /** By the image's encoded id, as these two. */
  notes: ReadonlyMap<string, ListedNote>;
  /** What the ledger remembers of announcements. */
  announced: Readonly<Record<string, Announced>>;
  /** Unix ms. */
  now: number;
}

/** An image whose note differs from what lies in R2, or may. */
export interface WrongNote {
  /** The image's id. */
  id: string;
  /** What is to be noted. */
  noted: Noted[];
  /** What is to be taken out; null: nothing. */
  gone: GoneVariants | null;
  /** The numbers differ. Else a variant is only newer than the note, which may have another reason, such as metadata that was written anew. */
  isSure: boolean;
}

/** A handler writes its notes by the end of its shift. Chosen, with a margin. */
const LATE_MS = 180_000;

/**
 * Images whose note is missing, tells of fewer variants of its version than are listed, of more, or of an older version than was announced
 * last; and those of which a variant is newer than the note. They are left by handlers that died between their word to the ledger and the
 * note, and by hands. The surest come first.
 */
export function wrongNotes(slice: ListedSlice): WrongNote[] {
  const variants = Map.groupBy(slice.variants, ({ key }) => encodedIdOfKey(key));
  const ids = new Set([...variants.keys(), ...slice.notes.keys()]);
  const found = [...ids].flatMap((id) => wrongNote(id, variants.get(id) ?? [], slice) ?? []);
  return found.toSorted((a, b) => Number(b.isSure) - Number(a.isSure));
}

function wrongNote(id: string, variants: readonly ListedVariant[], slice: ListedSlice): WrongNote | null {
  const note = slice.notes.get(id);
  const late = variants.filter(({ uploaded, isCounted }) => isCounted && uploaded < slice.now - LATE_MS);
  if (note === undefined) return late.length === 0 ? null : wrong(id, late, slice, { isSure: true });
  if (note.listed === Number.POSITIVE_INFINITY) return null;
  const { version, listed, uploaded } = note;
  const isOwn = ({ key }: ListedVariant) => versionOfKey(key) === version;
  const next = laterAnnouncement(id, note, slice);
  const moved = late.filter(({ key }) => next !== null && versionOfKey(key) === next.v);
  const own = late.filter(isOwn);
  // A note has room for so many crops and qualities.
  const isShort = own.length > listed && listed < OTHERS_MAX;
  const isChecked = isWhole(id, slice) && uploaded < slice.now - LATE_MS;
  const isLong = isChecked && variants.filter((one) => isOwn(one) && one.isCounted).length < listed;
  const newer = late.filter((one) => one.uploaded > uploaded);
  const isOlder = newer.some(isOwn);
  const noted = new Set([...(isShort || isOlder ? own : []), ...newer, ...moved]);
  if (noted.size === 0 && !isLong) return null;
  // A variant that the note lacks may have taken the place of one that is gone: then the numbers are the same.
  const gone = isChecked ? { id: decodeId(id), uploaded, there: new Set(variants.map(({ key }) => key)) } : null;
  return wrong(id, [...noted], slice, { gone, isSure: isShort || isLong || moved.length > 0 });
}

/** The announcement of another version that the note has not heard of. */
function laterAnnouncement(id: string, { version, announced }: ListedNote, slice: ListedSlice): Announced | null {
  const last = slice.announced[id];
  return last !== undefined && last.number > announced && last.v !== version ? last : null;
}

/** Whether every key of the image lies within the slice. */
function isWhole(id: string, { from, to }: ListedSlice): boolean {
  const keys = rangeOfKeys(id);
  return from < keys.from && (to === null || to >= keys.to);
}

function wrong(
  id: string,
  variants: readonly ListedVariant[],
  { announced }: ListedSlice,
  { gone = null, isSure }: { gone?: GoneVariants | null; isSure: boolean },
): WrongNote {
  const last = announced[id];
  const noted = variants.map(({ key, bytes, smaller }) => {
    const number = last !== undefined && versionOfKey(key) === last.v ? last.number : 0;
    return { key, bytes, smaller, made: null, original: null, announced: number };
  });
  return { id: decodeId(id), noted, gone, isSure };
}
