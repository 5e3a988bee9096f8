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
 * Looks up which variants R2 has, for one handler. What is wanted at once shares a list over its sorted range if `LIST_FROM` keys were looked up
 * since the last list. Heads read what the list does not reach.
 */
export class LookUp {
  readonly #deps: LookUpDeps;
  #wanted: Wanted[] = [];
  #range: Range | null = null;
  /** Keys looked up since the last list. */
  #since = 0;
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
    this.#since += 1;
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
    if (range === null || this.#deps.clock.now() - range.at >= FRESH_MS || !reaches(range, key)) return false;
    if (range.objects.has(key) || this.#stored.has(key)) return false;
    resolve(null);
    return true;
  }

  /** @returns what is left to heads */
  async #list(wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
    const [first] = wanted.map(({ key }) => key).toSorted();
    if (first === undefined || this.#since < LIST_FROM) return wanted;
    const { images, connections, clock } = this.#deps;
    const rank = Math.min(...wanted.map((one) => one.rank));
    const at = clock.now();
    this.#since = 0;
    this.#stored.clear();
    // A name without its last character is before it.
    const after = first.slice(0, -1);
    const { objects, to } = await connections.run(
      () => pageAfter(images, { prefix: storeKey(""), include: ["customMetadata"] }, storeKey(after)),
      { rank },
    );
    const keyOf = (name: string) => name.slice(storeKey("").length);
    const found = new Map(objects.map((object) => [keyOf(object.key), storedObject(object)]));
    const range: Range = { at, after, to: to === null ? null : keyOf(to), objects: found };
    this.#range = range;
    return wanted.filter((one) => {
      if (!reaches(range, one.key)) return true;
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
