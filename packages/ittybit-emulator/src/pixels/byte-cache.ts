/** A least-recently-used map bounded by the bytes it holds, so that memory stays bounded in long runs. */
export interface ByteCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, bytes: number): void;
  clear(): void;
  /** Bytes held now. */
  size(): number;
}

/** @param maxBytes read at every `set`, so that the bound may change. */
export function createByteCache<V>(maxBytes: () => number): ByteCache<V> {
  const entries = new Map<string, { value: V; bytes: number }>();
  let held = 0;

  function remove(key: string): void {
    held -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key); // a Map keeps insertion order: put it back as the newest
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      remove(key);
      entries.set(key, { value, bytes });
      held += bytes;
      for (const oldest of entries.keys()) {
        if (held <= maxBytes() || oldest === key) break;
        remove(oldest);
      }
    },
    clear() {
      entries.clear();
      held = 0;
    },
    size: () => held,
  };
}
