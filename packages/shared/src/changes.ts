import { followsFocal } from "./focal.ts";
import type { Transform } from "./transform.ts";

/*
 * The changes: one object in the bucket, by which edges know which copies and objects count no more (decision 19). It
 * compares generations, which the ledger gives in one sequence. So no clock takes part, and an object that an older
 * handler puts late is as old as its generation.
 */

/** Where the ledger tells the edges which images have changed. */
export const CHANGES_KEY = "control/changes.json";

/**
 * The last changes of an image. A number is a fence: what a lower generation has made is older than the change. 0: there was none.
 *
 * - `gone`: of a purge or a removal. Older objects do not exist.
 * - `replaced`: of a new original, and of an order to make the image anew.
 * - `recropped`: of a focal point. It outdates crops that follow the point, and nothing else.
 * - `removed`: 1 while the image is removed.
 */
export type Change = readonly [gone: number, replaced: number, recropped: number, removed: 0 | 1];

const NEVER: Change = [0, 0, 0, 0];

export interface Changes {
  /** Every object of a lower generation may be older than a change of its image. 0: none. */
  before: number;
  /** By the images' ids, decoded. */
  images: ReadonlyMap<string, Change>;
}

/** The text of an object that tells of no change. */
export const NO_CHANGES = '{"before":0,"images":[]}';

/** The object's text, of entries that `printChange` has printed. `seq`: the number of the last change, so that no two texts are alike. */
export function printChanges({ before, seq }: { before: number; seq: number }, entries: readonly string[]): string {
  return `{"seq":${seq},"before":${before},"images":[${entries.join()}]}`;
}

/** One entry of the object's list, as text. */
export function printChange(id: string, change: Change): string {
  return JSON.stringify([id, change]);
}

/** Reads what `printChanges` has printed. Throws for any other text. */
export function parseChanges(text: string): Changes {
  const { before, images } = JSON.parse(text) as { before: number; images: [string, Change][] };
  return { before, images: new Map(images) };
}

export function changeOf({ images }: Changes, id: string): Change {
  return images.get(id) ?? NEVER;
}

export function isRemoved(changes: Changes, id: string): boolean {
  return changeOf(changes, id)[3] > 0;
}

/**
 * What the changes say of an object or a copy. `gone`: it does not exist, although R2 may still have it. `old`: it is older
 * than a change that keeps it in view until the newer one is stored. `current`: nothing newer is known.
 */
export type Standing = "gone" | "old" | "current";

/** `gen`: the generation that made the object; 0 for objects that Prewarm did not put. */
export function standingOf(changes: Changes, id: string, transform: Transform, gen: number): Standing {
  const [gone, replaced, recropped] = changeOf(changes, id);
  if (gen < gone) return "gone";
  const fence = Math.max(changes.before, replaced, followsFocal(transform) ? recropped : 0);
  return gen < fence ? "old" : "current";
}
