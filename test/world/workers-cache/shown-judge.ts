import { bucketTag, imageTag } from "@prewarm/shared/edge-cache";
import { parseId } from "@prewarm/shared/image-id";
import { encodedIdOfKey, encodeId, storeKey } from "@prewarm/shared/variant-key";
import type { Stored } from "../../../workers/consumer/src/testing/memory-bucket.ts";
import type { World } from "../world.ts";
import { type Copy, isFresh } from "./copy.ts";

/** What R2 has given up is shown nowhere after this, ms. */
const SHOWN_MS = 5_000;
/** A purge is repeated after so long, for answers that were on their way into the cache; ms. */
const REPEATED_MS = 60_000;
/** `what` of the row that stands for every image (docs/storage-schema.md). */
const EVERYTHING = "/everything";

const IMAGES_PATH = "/images/";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const nameOf = (id: string, bytes: Uint8Array): string => `${id} ${textOf(bytes)}`;

/**
 * Judges what viewers are shown by what R2 held: bytes that R2 has given up, because they were deleted or others took their place, may be shown
 * for 5 s. An answer that was on its way into a cache meanwhile may be shown until the purge is repeated. Where a purge waits for a token, or the
 * ledger has not been heard, the time counts from its end.
 */
export class ShownJudge {
  readonly #world: World;
  readonly #violation: (text: string) => void;
  readonly #strict: boolean;
  /** Since when R2 has given up bytes of an image, Unix ms, by its encoded id and the bytes. */
  readonly #gone = new Map<string, number>();
  /** When the platform last took a call, Unix ms, by the tags that it names. */
  readonly #calledAt = new Map<string, number>();
  /** Answers that were judged, and of them those that showed bytes which R2 had given up. */
  readonly counts = { shown: 0, old: 0 };

  constructor(world: World, violation: (text: string) => void, strict: boolean) {
    this.#world = world;
    this.#violation = violation;
    this.#strict = strict;
    const objects = world.store.objects as Map<string, Stored>;
    watch(objects, {
      stands: (id, bytes) => void this.#gone.delete(nameOf(id, bytes)),
      goes: (id, bytes) => this.#isHeld(id, bytes) || this.#gone.set(nameOf(id, bytes), world.clock.now()),
    });
  }

  #isHeld(id: string, bytes: Uint8Array): boolean {
    const text = textOf(bytes);
    const { objects } = this.#world.store;
    return [...objects].some(([name, object]) => idOf(name) === id && textOf(object.bytes) === text);
  }

  /** `copy`: of the cache that answered; null: the edge did, from R2. */
  shown(key: string, bytes: Uint8Array, copy: Copy | null): void {
    this.counts.shown += 1;
    const id = encodedIdOfKey(key);
    const gone = this.#gone.get(nameOf(id, bytes));
    if (gone === undefined) return;
    this.counts.old += 1;
    const now = this.#world.clock.now();
    const isLate = copy !== null && copy.landedAt > gone;
    const since = Math.max(gone + (isLate ? REPEATED_MS : 0), this.#strict ? 0 : this.#waitedUntil(id));
    if (now <= since + SHOWN_MS) return;
    const way =
      copy === null ? "from R2" : `asked ${copy.askedAt - gone} ms and kept ${copy.landedAt - gone} ms after that`;
    this.#violation(`${key} is shown ${now - gone} ms after R2 has given it up, ${way}`);
  }

  /** Every fresh copy is what R2 holds now. `isExcused`: of an image, by its encoded id. */
  rest(copies: readonly Copy[], isExcused: (id: string) => boolean = () => false): void {
    const now = this.#world.clock.now();
    for (const copy of copies.filter((one) => isFresh(one, now))) {
      const id = encodeId(parseId(copy.path.slice(IMAGES_PATH.length)));
      if (!this.#isHeld(id, new Uint8Array(copy.body)) && !isExcused(id))
        this.#violation(`${copy.path} is kept, and R2 holds it no more`);
    }
  }

  /** The platform has taken a call. */
  called({ tags = [], purgeEverything = false }: CachePurgeOptions): void {
    for (const tag of purgeEverything ? [EVERYTHING] : tags) this.#calledAt.set(tag, this.#world.clock.now());
  }

  /** Until when a purge of the image has waited, Unix ms. */
  #waitedUntil(id: string): number {
    const { clock, sql } = this.#world;
    const waiting = "SELECT 1 FROM cache_purges WHERE what IN (?, ?) AND since <= ?";
    if (sql.exec(waiting, id, EVERYTHING, clock.now()).length > 0) return clock.now();
    return Math.max(...[imageTag(id), bucketTag(id), EVERYTHING].map((tag) => this.#calledAt.get(tag) ?? 0));
  }
}

interface Watcher {
  stands(id: string, bytes: Uint8Array): void;
  goes(id: string, bytes: Uint8Array): void;
}

/** Tells of all variants that come and go in R2, whoever puts or deletes them. `id`: encoded. */
function watch(objects: Map<string, Stored>, { stands, goes }: Watcher): void {
  const put = objects.set.bind(objects);
  const remove = objects.delete.bind(objects);
  objects.set = (name, object) => {
    const [id, before] = [idOf(name), objects.get(name)];
    put(name, object);
    if (id !== null && before !== undefined) goes(id, before.bytes);
    if (id !== null) stands(id, object.bytes);
    return objects;
  };
  objects.delete = (name) => {
    const [id, before] = [idOf(name), objects.get(name)];
    const isThere = remove(name);
    if (id !== null && before !== undefined) goes(id, before.bytes);
    return isThere;
  };
}

/** The encoded id of a variant's object; null: it is none. */
function idOf(name: string): string | null {
  const prefix = storeKey("");
  return name.startsWith(prefix) ? encodedIdOfKey(name.slice(prefix.length)) : null;
}
