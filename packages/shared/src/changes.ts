import { followsFocal } from "./focal.ts";
import type { Transform } from "./transform.ts";

/*
 * The changes: one object in the bucket, by which edges know which copies and objects count no more (decision 115). It
 * compares generations, which the ledger gives in one sequence. So no clock takes part, and an object that an older
 * handler puts late is as old as its generation.
 */

/** Where the ledger tells the edges which images have changed. */
export const CHANGES_KEY = "control/changes.json";

/** The last changes of an image. A number is a fence: what a lower generation has made is older than the change. 0: there was none. */
export interface Change {
  /** Of a purge or a removal. Older objects do not exist. */
  gone: number;
  /** Of a new original, and of an order to make the image anew. */
  replaced: number;
  /** Of a focal point. It outdates crops that follow the point, and nothing else. */
  recropped: number;
  /** The image is removed. */
  removed: boolean;
}

export interface Changes {
  /** Every object of a lower generation may be older than a change of its image. 0: none. */
  before: number;
  /** By the images' ids, decoded. */
  images: ReadonlyMap<string, Change>;
}

export const NO_CHANGES: Changes = { before: 0, images: new Map() };

type Printed = [id: string, gone: number, replaced: number, recropped: number, removed?: 1];

/** One entry of the object's list, as text. */
export function printChange(id: string, { gone, replaced, recropped, removed }: Change): string {
  const printed: Printed = [id, gone, replaced, recropped];
  return JSON.stringify(removed ? [...printed, 1] : printed);
}

/** The object's text, of entries that `printChange` has printed. `seq`: the number of the last change, so that no two texts are alike. */
export function printChanges({ before = 0, seq = 0 }, entries: readonly string[]): string {
  return `{"seq":${seq},"before":${before},"images":[${entries.join()}]}`;
}

/** Reads what `printChanges` has printed. Throws for any other text. */
export function parseChanges(text: string): Changes {
  const { before, images } = JSON.parse(text) as { before: number; images: Printed[] };
  const entries = images.map(([id, gone, replaced, recropped, removed]) => {
    return [id, { gone, replaced, recropped, removed: removed === 1 }] as const;
  });
  return { before, images: new Map(entries) };
}

/**
 * What the changes say of an object or a copy. `gone`: it does not exist, although R2 may still have it. `old`: it is older
 * than a change that keeps it in view until the newer one is stored. `current`: nothing newer is known.
 */
export type Standing = "gone" | "old" | "current";

/** `gen`: the generation that made the object; 0 for objects that Prewarm did not put. */
export function standingOf({ before, images }: Changes, id: string, transform: Transform, gen: number): Standing {
  const { gone = 0, replaced = 0, recropped = 0 } = images.get(id) ?? {};
  if (gen < gone) return "gone";
  const fence = Math.max(before, replaced, followsFocal(transform) ? recropped : 0);
  return gen < fence ? "old" : "current";
}
