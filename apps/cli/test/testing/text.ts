import type { Namer, Read } from "../../src/input/item.ts";
import { createNamer } from "../../src/input/namer.ts";

/** A text as a stream of bytes, cut into pieces of so many bytes: cuts fall within characters and lines. */
export async function* bytesOf(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What was read, short: the item, or the place and reason of a bad line. */
export async function reads(items: AsyncIterable<Read | Iterable<Read>>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const some of items)
    for (const read of "kind" in some ? [some] : some)
      all.push(read.kind === "item" ? read.item : [read.place, read.reason]);
  return all;
}

/** Knows plain ids only. */
export const plainNamer: Namer = createNamer(null, null);
