import type { Given } from "@prewarm/durable-queue";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { Noted } from "../store/info.ts";

/** A claim whose variant is stored. */
interface Stored extends Pick<Noted, "key" | "smaller" | "made" | "original" | "announced"> {
  given: Pick<Given, "urgent" | "floor" | "touched">;
  /** The original's id. */
  image: string;
  /** R2 had an object of it when its handler looked. */
  wasStored: boolean;
}

/** So many names share a list. Chosen: a worker makes about as many variants in its shift. */
const SUSPECTS = 100;

/** What pages are to be told of stored variants, and have not been told yet. */
export class Untold {
  /** Stored variants that are not noted of their image yet, by image. */
  readonly #unnoted = new Map<string, Noted[]>();
  /** Names of markers that may stand there. */
  readonly #suspects = new Set<string>();

  /** The variant of this claim is stored. */
  add({ given, key, image, smaller, made, original, announced, wasStored }: Stored, bytes: number): void {
    const { urgent, floor, touched } = given;
    const isFirst = !urgent && !touched && floor === 0 && !wasStored && original !== null;
    const noted = { key, bytes, smaller, made, original, announced };
    this.#unnoted.set(image, [...(this.#unnoted.get(image) ?? []), noted]);
    // The marker of a variant is written with its row. The marker of an image may be of a viewer who came before the image and left no row:
    // later viewers see it and do not ask, so of what a viewer has asked for there is none.
    if (touched) this.#suspects.add(deadKey(key));
    if (touched || isFirst) this.#suspects.add(missingKey(image));
  }

  /** What is to be noted now: all but what is of these images. */
  takeNotes(but: ReadonlySet<string>): Noted[] {
    const images = [...this.#unnoted.keys()].filter((image) => !but.has(image));
    return images.flatMap((image) => {
      const stored = this.#unnoted.get(image) ?? [];
      this.#unnoted.delete(image);
      return stored;
    });
  }

  /** Names of markers to be looked for: once there are many, or `all`. */
  takeSuspects(all: boolean): string[] {
    if (!all && this.#suspects.size < SUSPECTS) return [];
    const suspects = [...this.#suspects];
    this.#suspects.clear();
    return suspects;
  }
}
