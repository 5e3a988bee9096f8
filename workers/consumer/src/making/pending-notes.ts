import type { Assignment } from "@prewarm/durable-queue";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { Noted } from "../store/info.ts";

/** A claim whose variant is stored. */
interface Stored extends Pick<Noted, "key" | "smaller" | "made" | "original" | "announced"> {
  assignment: Pick<Assignment, "urgent" | "floor" | "touched">;
  /** The original's id. */
  image: string;
  /** R2 had an object of it before. */
  wasStored: boolean;
}

/** Names that share a list call. Chosen: a worker makes about as many variants in its shift. */
const NAMES_MAX = 100;

/** Stored variants whose notes are not written yet, and markers that may have to be deleted. */
export class PendingNotes {
  /** Stored variants, by image. */
  readonly #unnoted = new Map<string, Noted[]>();
  /** Names of markers that may exist. */
  readonly #markerNames = new Set<string>();

  /** Adds the stored variant of a claim. */
  add({ assignment, key, image, smaller, made, original, announced, wasStored }: Stored, bytes: number): void {
    const { urgent, floor, touched } = assignment;
    const isFirst = !urgent && !touched && floor === 0 && !wasStored && original !== null;
    const noted = { key, bytes, smaller, made, original, announced };
    this.#unnoted.set(image, [...(this.#unnoted.get(image) ?? []), noted]);
    // A variant with a marker has a row that was touched. A marker of the image may be older than any row of it. No
    // viewer orders while that marker lives, so a job of a viewer has none.
    if (touched) this.#markerNames.add(deadKey(key));
    if (touched || isFirst) this.#markerNames.add(missingKey(image));
  }

  /** Takes the variants of all images but these. */
  takeNotes(but: ReadonlySet<string>): Noted[] {
    const images = [...this.#unnoted.keys()].filter((image) => !but.has(image));
    return images.flatMap((image) => {
      const stored = this.#unnoted.get(image) ?? [];
      this.#unnoted.delete(image);
      return stored;
    });
  }

  /** Takes the names if there are many, or `all`. */
  takeMarkerNames(all: boolean): string[] {
    if (!all && this.#markerNames.size < NAMES_MAX) return [];
    const markerNames = [...this.#markerNames];
    this.#markerNames.clear();
    return markerNames;
  }
}
