import { type Copy, suits } from "./copy.ts";

/** What a call of `purge` or `invalidate` names. */
export interface Named {
  kind: "purge" | "invalidate";
  tags: ReadonlySet<string>;
  pathPrefixes: readonly string[];
  everything: boolean;
}

/** The caches of one data centre, lower or upper: copies by key, and of each key one for each way it varies. */
export class Tier {
  readonly #copies = new Map<string, Copy[]>();
  readonly #heard: { named: Named; at: number }[] = [];

  /** Null: there is none that suits. */
  match(key: string, asked: Headers): Copy | null {
    return this.#copies.get(key)?.find((copy) => suits(copy, asked)) ?? null;
  }

  keep(key: string, copy: Copy): void {
    const others = (this.#copies.get(key) ?? []).filter((other) => !sameVariant(other, copy));
    this.#copies.set(key, [...others, { ...copy }]);
  }

  /** A purge has arrived. It acts on what stands here now, and on nothing that comes later from the Worker. */
  hear(named: Named, now: number): void {
    this.#heard.push({ named, at: now });
    for (const [key, copies] of this.#copies) {
      const left = copies.filter((copy) => named.kind === "invalidate" || !isNamed(copy, named));
      for (const copy of left) copy.invalidated ||= isNamed(copy, named);
      this.#copies.set(key, left);
    }
  }

  /** Whether a purge that has arrived here would have acted on the copy of another tier. */
  hasPurged(copy: Copy): boolean {
    return this.#heard.some(({ named, at }) => at >= copy.landedAt && isNamed(copy, named));
  }

  /** Nobody promises to keep what is seldom asked for. */
  evict(chosen: () => boolean): void {
    for (const [key, copies] of this.#copies)
      this.#copies.set(
        key,
        copies.filter(() => !chosen()),
      );
  }

  copies(): Copy[] {
    return [...this.#copies.values()].flat();
  }
}

function isNamed({ tags, path }: Copy, named: Named): boolean {
  if (named.everything) return true;
  return [...named.tags].some((tag) => tags.has(tag)) || named.pathPrefixes.some((prefix) => path.startsWith(prefix));
}

function sameVariant({ varied: a }: Copy, { varied: b }: Copy): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
