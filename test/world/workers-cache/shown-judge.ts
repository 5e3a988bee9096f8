import { encodedIdOfKey, storeKey } from "@prewarm/shared/variant-key";
import type { Stored } from "../../../workers/consumer/src/testing/memory-bucket.ts";
import type { World } from "../world.ts";
import { type Copy, isFresh } from "./copy.ts";

/** What R2 has given up is shown nowhere after this, ms. */
const SHOWN_MS = 5_000;
/** A purge is repeated after so long, for answers that were on their way into the cache; ms. */
const REPEATED_MS = 60_000;
/** `what` of the row that stands for every image (docs/storage-schema.md). */
const EVERYTHING = "/everything";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/**
 * Judges what viewers are shown by what R2 held: bytes that R2 has given up, because they were deleted or others took their place, may be shown
 * for 5 s. An answer that was on its way into a cache meanwhile may be shown until the purge is repeated. Where a purge waits for a token, or the
 * ledger has not been heard, the time counts from its end.
 */
export class ShownJudge {
  readonly #world: World;
  readonly #violation: (text: string) => void;
  readonly #strict: boolean;
  /** Since when R2 has given up bytes, Unix ms, by the key and the bytes. */
  readonly #gone = new Map<string, number>();
  /** When a purge of an image last waited, Unix ms, by its encoded id. */
  readonly #waitedAt = new Map<string, number>();
  /** Answers that were judged, and of them those that showed bytes which R2 had given up. */
  readonly counts = { shown: 0, old: 0 };

  constructor(world: World, violation: (text: string) => void, strict: boolean) {
    this.#world = world;
    this.#violation = violation;
    this.#strict = strict;
    watch(world.store.objects as Map<string, Stored>, {
      stands: (name, bytes) => void this.#gone.delete(`${name} ${textOf(bytes)}`),
      goes: (name, bytes) => void this.#gone.set(`${name} ${textOf(bytes)}`, world.clock.now()),
    });
  }

  /** `copy`: of the cache that answered; null: the edge did, from R2. */
  shown(key: string, bytes: Uint8Array, copy: Copy | null): void {
    this.counts.shown += 1;
    const gone = this.#gone.get(`${storeKey(key)} ${textOf(bytes)}`);
    if (gone === undefined) return;
    this.counts.old += 1;
    const now = this.#world.clock.now();
    const isLate = copy !== null && copy.landedAt > gone;
    const since = Math.max(gone + (isLate ? REPEATED_MS : 0), this.#strict ? 0 : this.#waitedSince(key));
    if (now <= since + SHOWN_MS) return;
    const way =
      copy === null ? "from R2" : `asked ${copy.askedAt - gone} ms and kept ${copy.landedAt - gone} ms after that`;
    this.#violation(`${key} is shown ${now - gone} ms after R2 has given it up, ${way}`);
  }

  /** Every fresh copy is what R2 holds now. */
  rest(copies: readonly Copy[]): void {
    const { clock, store } = this.#world;
    const held = new Set([...store.objects.values()].map(({ bytes }) => textOf(bytes)));
    for (const copy of copies)
      if (isFresh(copy, clock.now()) && !held.has(textOf(new Uint8Array(copy.body))))
        this.#violation(`${copy.path} is kept, and R2 holds it no more`);
  }

  /** Called after each commit of the ledger: which purges wait. */
  committed(): void {
    const now = this.#world.clock.now();
    for (const id of this.#waiting(now)) this.#waitedAt.set(id, now);
  }

  #waiting(now: number): string[] {
    return this.#world.sql.exec("SELECT what FROM cache_purges WHERE since <= ?", now).map(({ what }) => String(what));
  }

  #waitedSince(key: string): number {
    const now = this.#world.clock.now();
    const names = [encodedIdOfKey(key), EVERYTHING];
    if (this.#waiting(now).some((what) => names.includes(what))) return now;
    return Math.max(...names.map((what) => this.#waitedAt.get(what) ?? 0));
  }
}

interface Watcher {
  stands(name: string, bytes: Uint8Array): void;
  goes(name: string, bytes: Uint8Array): void;
}

/** Tells of all that changes in R2, whoever changes it. */
function watch(objects: Map<string, Stored>, { stands, goes }: Watcher): void {
  const put = objects.set.bind(objects);
  const remove = objects.delete.bind(objects);
  objects.set = (name, object) => {
    const before = objects.get(name);
    if (before !== undefined && textOf(before.bytes) !== textOf(object.bytes)) goes(name, before.bytes);
    stands(name, object.bytes);
    return put(name, object);
  };
  objects.delete = (name) => {
    const before = objects.get(name);
    if (before !== undefined) goes(name, before.bytes);
    return remove(name);
  };
}
