import { autoOrder } from "@prewarm/shared/accept";
import type { Config, Format } from "@prewarm/shared/config";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { errorText, type Log } from "@prewarm/shared/log";
import { smallerFormats } from "@prewarm/shared/smallest";
import type { Transform } from "@prewarm/shared/transform";
import { storeKey, variantKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata, toCustomMetadata } from "@prewarm/shared/variant-metadata";
import type { Semaphore } from "../platform/semaphore.ts";
import { SAME_KEY_MS } from "./make-pass.ts";
import { sizesIn } from "./note-versions.ts";
import { ifNotPutAgain } from "./put-condition.ts";
import { pictureOf } from "./sizes.ts";

export interface SayingDeps {
  config: Pick<Config, "formats">;
  images: Pick<R2Bucket, "get" | "put">;
  connections: Pick<Semaphore, "run">;
  memory: Pick<Semaphore, "run">;
  sleep(ms: number): Promise<void>;
  log: Log;
}

/** A variant among the formats of its picture. */
export interface Compared {
  transform: Transform;
  bytes: number;
  /** The formats that its object says are smaller. */
  smaller: readonly Format[];
}

/** An image with its note: as it was, null where there was none, and as it is now. */
interface Change {
  id: string;
  v: string | null;
  before: StoredInfo | null;
  now: StoredInfo;
}

const TRIES = 3;

/**
 * `f=auto` serves the smallest format (smallest.ts), so a variant that is larger than one in a later format says so. Looks at the pictures of
 * these variants, which were stored, and writes the metadata of each variant that says something else than it should. What it says is known
 * without a read: the objects of these were seen, and the others say what followed from the note before.
 */
export async function saySmaller(deps: SayingDeps, change: Change, stored: readonly Compared[]): Promise<void> {
  for (const variants of Map.groupBy(stored, ({ transform }) => pictureOf(transform)).values())
    for (const saying of newSayings(deps.config, change, variants)) await rewrite(deps, saying);
}

/** What is to be written of one picture, of which these variants were stored. */
function newSayings(config: SayingDeps["config"], change: Change, variants: readonly Compared[]): Saying[] {
  const { id, v, before, now } = change;
  const [first] = variants;
  // Nothing tells two originals apart without an etag, and the edge would believe none of it.
  if (first === undefined || now.etag === null) return [];
  const { etag } = now;
  const picture = pictureOf(first.transform);
  const sizes = sizesIn(now, v, picture);
  const order = autoOrder(config);
  const said = smallerFormats(before === null ? new Map() : sizesIn(before, v, picture), order);
  for (const { transform, smaller } of variants) said.set(transform.format, [...smaller]);
  return [...smallerFormats(sizes, order)]
    .filter(([format, smaller]) => smaller.join() !== (said.get(format) ?? []).join())
    .map(([format, smaller]) => {
      const key = variantKey(id, { ...first.transform, format }, v);
      return { key, bytes: sizes.get(format) ?? 0, etag, smaller };
    });
}

interface Saying {
  key: string;
  /** Of the object, as the note has it. */
  bytes: number;
  /** The original's, by the note. */
  etag: string;
  smaller: readonly Format[];
}

async function rewrite({ memory, connections, images, sleep, log }: SayingDeps, saying: Saying): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await memory.run(() => connections.run(() => put(images, saying)), { weight: saying.bytes });
    } catch (error) {
      if (tries === TRIES) return log("variant.compare_failed", { key: saying.key, error: errorText(error) });
      await sleep(SAME_KEY_MS);
    }
  }
}

/**
 * R2 changes no metadata by itself, so the object is written anew as it is, its generation too. Nothing is written in place of another object:
 * who stored that one compares it.
 */
async function put(images: SayingDeps["images"], { key, bytes, etag, smaller }: Saying): Promise<void> {
  const object = await images.get(storeKey(key));
  const made = fromCustomMetadata(object?.customMetadata);
  if (object === null) return;
  const isSaid = made?.smaller?.join() === (smaller.length === 0 ? undefined : smaller.join());
  if (made === null || object.size !== bytes || made.sourceEtag !== etag || isSaid) return object.body.cancel();
  await images.put(storeKey(key), await object.arrayBuffer(), {
    onlyIf: ifNotPutAgain(object),
    ...(object.httpMetadata === undefined ? {} : { httpMetadata: object.httpMetadata }),
    customMetadata: toCustomMetadata({ ...made, smaller }),
  });
}
