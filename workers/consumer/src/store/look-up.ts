import type { Clock } from "@prewarm/shared/clock";
import { storeKey } from "@prewarm/shared/variant-key";
import type { Semaphore } from "../platform/semaphore.ts";
import { LIST_FROM } from "./find-keys.ts";
import { pageAfter } from "./list-pages.ts";
import { headVariant, type StoredObject, storedObject } from "./variants.ts";

/**
 * So long a list is believed of what it did not show. Chosen: a variant waits about as long between its look and its put, whose condition tells
 * when it is there after all.
 */
const FRESH_MS = 5_000;

/** What a list showed of the names after `after`, up to `to`; null: to the end. */
interface Range {
  at: number;
  after: string;
  to: string | null;
  objects: ReadonlyMap<string, StoredObject>;
  /** Keys that it has answered. */
  answered: number;
}

interface Wanted {
  key: string;
  rank: number;
  resolve(stored: StoredObject | null): void;
  reject(error: unknown): void;
}

interface LookUpDeps {
  images: Pick<R2Bucket, "head" | "list">;
  connections: Semaphore;
  clock: Pick<Clock, "now">;
}

/**
 * Looks up which variants R2 has, for one handler. What is wanted at once shares a list over its sorted range, if there is enough of it to cost
 * less than a head each; what the list does not reach is read by heads.
 */
export class LookUp {
  readonly #deps: LookUpDeps;
  #wanted: Wanted[] = [];
  #range: Range | null = null;
  readonly #missed = new Map<string, number>();
  /** Stored by this handler since the list. */
  readonly #stored = new Set<string>();

  constructor(deps: LookUpDeps) {
    this.#deps = deps;
  }

  /** What R2 has of this variant; throws when it does not answer. `rank`: of a head. */
  find(key: string, rank: number): Promise<StoredObject | null> {
    const { promise, resolve, reject } = Promise.withResolvers<StoredObject | null>();
    // What is begun by one answer of the ledger is begun before this runs.
    if (this.#wanted.length === 0) queueMicrotask(() => void this.#flush());
    this.#wanted.push({ key, rank, resolve, reject });
    return promise;
  }

  /** The edge has looked for it at this time, Unix ms, and found none. */
  noteAbsent(key: string, at: number): void {
    this.#missed.set(key, at);
  }

  /** Whether the edge found none just now. */
  isMissed(key: string): boolean {
    return this.#deps.clock.now() - (this.#missed.get(key) ?? Number.NEGATIVE_INFINITY) < FRESH_MS;
  }

  /** This handler has stored the variant. */
  noteStored(key: string): void {
    this.#stored.add(key);
  }

  async #flush(): Promise<void> {
    const wanted = this.#wanted.splice(0);
    try {
      const unknown = wanted.filter((one) => !this.#isAbsent(this.#range, one));
      for (const one of await this.#list(unknown)) this.#head(one);
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }

  /** Whether the last list has shown that there is none. What it showed to be there is looked at again: a hand may have deleted it. */
  #isAbsent(range: Range | null, { key, resolve }: Wanted): boolean {
    if (range === null || !this.#isFresh(range) || !reaches(range, key)) return false;
    if (range.objects.has(key) || this.#stored.has(key)) return false;
    range.answered += 1;
    resolve(null);
    return true;
  }

  #isFresh({ at }: Range): boolean {
    return this.#deps.clock.now() - at < FRESH_MS;
  }

  /** Whether a list costs less than heads: for so many at once, or in place of an old one that has answered so many. */
  #isWorth(wanted: number): boolean {
    const old = this.#range;
    return wanted >= LIST_FROM || (old !== null && !this.#isFresh(old) && old.answered >= LIST_FROM);
  }

  /** @returns what is left to heads */
  async #list(wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
    const [first] = wanted.map(({ key }) => key).toSorted();
    if (first === undefined || !this.#isWorth(wanted.length)) return wanted;
    const { images, connections, clock } = this.#deps;
    const rank = Math.min(...wanted.map((one) => one.rank));
    const at = clock.now();
    this.#stored.clear();
    // A name without its last character is before it.
    const after = first.slice(0, -1);
    const { objects, to } = await connections.run(
      () => pageAfter(images, { prefix: storeKey(""), include: ["customMetadata"] }, storeKey(after)),
      { rank },
    );
    const keyOf = (name: string) => name.slice(storeKey("").length);
    const found = new Map(objects.map((object) => [keyOf(object.key), storedObject(object)]));
    const range: Range = { at, after, to: to === null ? null : keyOf(to), objects: found, answered: 0 };
    this.#range = range;
    return wanted.filter((one) => {
      if (!reaches(range, one.key)) return true;
      range.answered += 1;
      one.resolve(found.get(one.key) ?? null);
      return false;
    });
  }

  #head({ key, rank, resolve, reject }: Wanted): void {
    const { images, connections } = this.#deps;
    connections.run(() => headVariant(images, key), { rank }).then(resolve, reject);
  }
}

function reaches({ after, to }: Range, key: string): boolean {
  return key > after && (to === null || key <= to);
}
