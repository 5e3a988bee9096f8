import type { Rejection } from "@prewarm/control-schema/warm";
import { AppError } from "@prewarm/shared/errors";
import type { AcceptImage } from "../images/calls.ts";

/** Variants in one of the ledger's transactions (design: P1). */
export const CHUNK_MAX_KEYS = 1000;
/** Items in one chunk: a long run of bad ones must not grow without end. */
const CHUNK_MAX_ITEMS = 5000;

/** Up to 1,000 variants with the items they came from. */
export interface Chunk {
  images: AcceptImage[];
  keys: number;
  /** Variants named again within the chunk. */
  duplicates: number;
  rejected: Rejection[];
  /** The items as they came, for the hash that tells one body from another. */
  raw: string[];
  /** No chunk follows. Of a body that fills its last chunk it is not told. */
  last?: true;
}

function emptyChunk(): Chunk {
  return { images: [], keys: 0, duplicates: 0, rejected: [], raw: [] };
}

/**
 * Cuts a stream of items into chunks. The cuts depend on the items and the configuration only, so that a repeated request is cut in the
 * same places. A refused item stands in its chunk's `rejected` with its place in the body.
 */
export async function* cutChunks<T>(
  items: AsyncIterable<T> | Iterable<T>,
  plan: (item: T) => AcceptImage,
): AsyncGenerator<Chunk> {
  let chunk = emptyChunk();
  let seen = new Set<string>();
  let index = 0;
  for await (const item of items) {
    const planned = planOrReject(item, index, plan);
    chunk.raw.push(JSON.stringify(item));
    if ("code" in planned) chunk.rejected.push(planned);
    else {
      for (const part of partsOf({ ...planned, index }, CHUNK_MAX_KEYS - chunk.keys)) {
        if (chunk.keys + part.keys.length > CHUNK_MAX_KEYS) {
          yield chunk;
          chunk = emptyChunk();
          seen = new Set();
        }
        add(chunk, seen, part);
      }
    }
    index += 1;
    if (chunk.raw.length < CHUNK_MAX_ITEMS) continue;
    yield chunk;
    chunk = emptyChunk();
    seen = new Set();
  }
  if (chunk.raw.length > 0 || chunk.keys > 0) yield { ...chunk, last: true };
}

function planOrReject<T>(item: T, index: number, plan: (item: T) => AcceptImage): AcceptImage | Rejection {
  try {
    return plan(item);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { index, id: idOf(item), code: error.code, message: error.message };
  }
}

/** As much of an id as helps to find it in the body. */
const ID_SHOWN_CHARS = 300;

function idOf(item: unknown): string | null {
  const value = fieldOf(item, "value") ?? item;
  const id = fieldOf(value, "id") ?? value;
  return typeof id === "string" ? id.slice(0, ID_SHOWN_CHARS).toWellFormed() : null;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** An image that does not fit is begun in the next chunk, and cut itself only when it is larger than a whole one. */
function partsOf(image: AcceptImage, room: number): AcceptImage[] {
  if (image.keys.length <= room || image.keys.length <= CHUNK_MAX_KEYS) return [image];
  const parts: AcceptImage[] = [];
  for (let at = 0; at < image.keys.length; at += CHUNK_MAX_KEYS) {
    parts.push({ ...image, keys: image.keys.slice(at, at + CHUNK_MAX_KEYS) });
  }
  return parts;
}

function add(chunk: Chunk, seen: Set<string>, image: AcceptImage): void {
  const keys = image.keys.filter((key) => !seen.has(key));
  for (const key of keys) seen.add(key);
  chunk.duplicates += image.keys.length - keys.length;
  chunk.keys += keys.length;
  chunk.images.push({ ...image, keys });
}
