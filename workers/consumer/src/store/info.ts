import type { Config, Format } from "@prewarm/shared/config";
import { isRemovedNote, type LeftOut, parseInfo, type StoredInfo, storedVariants } from "@prewarm/shared/image-info";
import { errorText, type Log } from "@prewarm/shared/log";
import { placeholderTransform, type Transform } from "@prewarm/shared/transform";
import { infoKey, parseVariantKey, storeKey, variantKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata, toCustomMetadata, type VariantMetadata } from "@prewarm/shared/variant-metadata";
import type { Semaphore } from "../platform/semaphore.ts";
import { announce, withoutGone, withVariants } from "./note-versions.ts";
import { ifNotPutAgain, ifUnchanged } from "./put-condition.ts";
import { readLqip } from "./read-lqip.ts";
import { type Compared, saySmaller } from "./say-smaller.ts";

/** What a look at an original tells, as far as it is kept. */
export type Look =
  | { kind: "refused" | "failed" }
  | {
      kind: "image";
      size: { width: number; height: number } | null;
      etag: string | null;
      type: string;
      bytes: number | null;
      frames: number;
      leftOut?: readonly LeftOut[];
    };

/** A variant that lies in R2 now. */
export interface Noted {
  key: string;
  bytes: number;
  /** The formats that its object says are smaller. */
  smaller: readonly Format[];
  /** As the caller has put it; null: it was found in R2. */
  made: VariantMetadata | null;
  /** The original as its maker saw it before the job; null: it was found in R2, or made from another's job. */
  original: Look | null;
  /** Its version is the one that was announced last, by this number; 0: as far as is known it is not. */
  announced: number;
}

/** A note as it was read. */
interface Before {
  info: StoredInfo | null;
  gen: number;
  /** Null: there is none. */
  etag: string | null;
}

/** An image as its note tells of it. */
export interface NotedImage {
  id: string;
  v: string | null;
  /** A generation of which a variant of it lies in R2. */
  gen: number;
  info: StoredInfo;
}

export interface InfoDeps {
  config: Config;
  images: Pick<R2Bucket, "head" | "get" | "put">;
  connections: Pick<Semaphore, "run">;
  /** Bytes of variants held at once. */
  memory: Pick<Semaphore, "run">;
  sleep(ms: number): Promise<void>;
  /** Looks at an original; asked again for the same one it costs nothing. */
  probe(image: Pick<NotedImage, "id" | "v">): Promise<Look>;
  /** Stores the original's own picture where these variants are larger; what it stored. Never throws. */
  copyOriginal(image: NotedImage, variants: readonly Transform[]): Promise<{ transform: Transform; bytes: number }[]>;
  log: Log;
}

/** Somebody else may write between the read and the put. */
const TRIES = 4;

/**
 * Writes down what is known of the images of these variants, which lie in R2 now: their originals' size and type, the placeholder, the
 * widths there are, and the bytes of each variant. Then lets the larger formats of a picture name the smaller ones. Call it with all that was
 * stored since the last time, so that an image's variants share a put. Never throws: pages and the edge do without what could not be written,
 * until the doctor writes it.
 */
export async function noteStored(deps: InfoDeps, stored: readonly Noted[]): Promise<void> {
  const variants = stored.flatMap(({ key, ...noted }) => {
    const parsed = parseVariantKey(key);
    return parsed === null ? [] : [{ ...parsed, ...noted }];
  });
  const images = Map.groupBy(variants, ({ id, v }) => `${v} ${id}`);
  await Promise.all(
    [...images.values()].map(async (ofImage) => {
      try {
        await noteImage(deps, ofImage);
      } catch (error) {
        deps.log("info.put_failed", { key: infoKey(ofImage[0]?.id ?? ""), error: errorText(error) });
      }
    }),
  );
}

type Parsed = NonNullable<ReturnType<typeof parseVariantKey>>;
type Variant = Parsed & Compared & Pick<Noted, "made" | "original" | "announced">;
const keyOf = ({ id, transform, v }: Parsed): string => variantKey(id, transform, v);

async function noteImage(deps: InfoDeps, variants: readonly Variant[]): Promise<void> {
  const [first] = variants;
  if (first === undefined) return;
  const { images, connections } = deps;
  const { id, v } = first;
  // It is read where it may be news: when it was stored itself, and when the note begins to speak of another original or version.
  const transform = placeholderTransform(deps.config);
  const placeholder = transform === null ? null : { id, v, transform };
  const others = variants.filter((one) => placeholder === null || keyOf(one) !== keyOf(placeholder));
  const transforms = others.map((one) => one.transform);
  const hasPlaceholder = others.length < variants.length;
  let compared: Compared[] | null = null;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = await readInfo(deps, id);
    // Its objects are deleted; a note would tell the edge that the image is there.
    if (before === "removed") return;
    const made = await madeOf(deps, variants, before.gen);
    // Purged meanwhile, or put there by hand.
    if (made === null) return;
    const base = await baseOf(deps, variants, before.info, made);
    if (base === null) return;
    const isReplaced = before.info !== null && (base.etag !== before.info.etag || base.version !== before.info.version);
    const isNews = placeholder !== null && base.version === v && (hasPlaceholder || isReplaced);
    const lqip = base.lqip ?? (isNews ? await readLqip(deps, placeholder, base.etag) : null);
    const noted = { ...base, lqip };
    const listed = withVariants(noted, v, transforms, others);
    compared ??= await withCopies(deps, { id, v, gen: made.gen, info: listed }, others);
    const info = withVariants(noted, v, transforms, compared);
    const metadata = { ...made, gen: Math.max(made.gen, before.gen), width: info.width, height: info.height };
    if (JSON.stringify(info) !== JSON.stringify(before.info)) {
      const condition = ifUnchanged(before.etag);
      if ((await connections.run(() => putInfo(images, id, info, metadata, condition))) === null) continue;
    }
    return saySmaller(deps, { id, v, before: before.info, now: info }, compared);
  }
}

/** The original as a maker of these variants saw it, if it is the one that `made` tells of. */
function lookOf(variants: readonly Variant[], { sourceEtag }: VariantMetadata): Look | null {
  const looks = variants.map(({ original }) => original);
  return looks.find((look) => look?.kind === "image" && look.etag === sourceEtag) ?? null;
}

/**
 * What one of the variants was made from. Of a variant that the caller has put, the caller knows; R2 is asked where a newer generation has been
 * noted since, for its original may be another one.
 */
async function madeOf(
  { images, connections }: InfoDeps,
  variants: readonly Variant[],
  notedGen: number,
): Promise<VariantMetadata | null> {
  const own = variants.find(({ made }) => made !== null && made.gen >= notedGen)?.made;
  const [first] = variants;
  if (own || first === undefined) return own ?? null;
  const head = await connections.run(() => images.head(storeKey(keyOf(first))));
  return fromCustomMetadata(head?.customMetadata);
}

/** These variants as they are compared: the original's own picture is among them, where it is smaller. */
async function withCopies(deps: InfoDeps, image: NotedImage, variants: readonly Compared[]): Promise<Compared[]> {
  const copies = await deps.copyOriginal(
    image,
    variants.map((one) => one.transform),
  );
  return [...variants, ...copies.map((copy) => ({ ...copy, smaller: [] }))];
}

async function readInfo({ images, connections }: InfoDeps, id: string): Promise<Before | "removed"> {
  return connections.run(async () => {
    const object = await images.get(infoKey(id));
    if (object === null) return { info: null, gen: 0, etag: null };
    if (isRemovedNote(object)) {
      await object.body.cancel();
      return "removed";
    }
    const gen = fromCustomMetadata(object.customMetadata)?.gen ?? 0;
    return { info: parseInfo(await object.text()), gen, etag: object.etag };
  });
}

/**
 * The note to which these variants are added: of the original that they were made from, and of their version if a later announcement says so. A view
 * never does. Null: nothing is to be noted.
 */
async function baseOf(
  deps: InfoDeps,
  variants: readonly Variant[],
  info: StoredInfo | null,
  made: VariantMetadata,
): Promise<StoredInfo | null> {
  const [{ id, v }] = variants as [Variant];
  const announced = Math.max(...variants.map((one) => one.announced));
  const isLater = announced > (info?.announced ?? 0);
  if (info?.etag === made.sourceEtag) return isLater ? announce(info, v, announced) : info;
  // Another version takes nothing away, though the original is another one by now.
  if (info !== null && info.version !== v && !isLater && listedIn(info) > 0) return null;
  const found = infoOf(lookOf(variants, made) ?? (await deps.probe({ id, v })), info);
  return found !== null && isLater ? announce(found, v, announced) : found;
}

/** A note of what the original itself tells, of the version that the note before speaks of; null when it tells no size. */
function infoOf(look: Look, before: StoredInfo | null): StoredInfo | null {
  if (look.kind !== "image" || look.size === null) return null;
  const { size, type, bytes, frames, etag, leftOut } = look;
  const { version = null, announced } = before ?? {};
  const told = leftOut === undefined ? {} : { leftOut };
  const said = { ...told, version, ...(announced === undefined ? {} : { announced }) };
  return { ...size, type: `image/${type}`, bytes, frames, etag, ...said, lqip: null, stored: {}, others: [] };
}

/** The object, or null: somebody has been first. Its metadata is a variant's, so that a purge judges it as it judges them. */
async function putInfo(
  images: Pick<R2Bucket, "put">,
  id: string,
  info: StoredInfo,
  metadata: VariantMetadata,
  onlyIf: R2Conditional | Headers,
): Promise<R2Object | null> {
  return images.put(infoKey(id), JSON.stringify(info), {
    onlyIf,
    httpMetadata: { contentType: "application/json" },
    customMetadata: { ...toCustomMetadata(metadata), ...listingOf(info) },
  });
}

/** How many variants a note tells of its own version, the placeholder among them. */
function listedIn(info: StoredInfo): number {
  return storedVariants(info, info.version).length + (info.lqip === null ? 0 : 1);
}

/** What the doctor compares with what it lists, as R2 metadata. */
function listingOf(info: StoredInfo): Record<string, string> {
  const { version, announced } = info;
  return {
    listed: String(listedIn(info)),
    ...(version === null ? {} : { version }),
    ...(announced === undefined ? {} : { announced: String(announced) }),
  };
}

/** An image whose note tells of more than lies in R2. */
export interface GoneVariants {
  id: string;
  /** When the note was put, as a list has shown it, Unix ms. */
  uploaded: number;
  /** Keys of all variants of the image. */
  there: ReadonlySet<string>;
}

/**
 * Takes out of the note what does not lie in R2. A note that was written since the list stays as it is: the list may be older. Answers whether
 * it was put.
 */
export async function noteGone(
  deps: Pick<InfoDeps, "images" | "connections" | "config">,
  { id, uploaded, there }: GoneVariants,
): Promise<boolean> {
  const object = await deps.connections.run(() => deps.images.get(infoKey(id)));
  if (object === null) return false;
  const metadata = fromCustomMetadata(object.customMetadata);
  const info = parseInfo(await object.text());
  if (info === null || metadata === null) return false;
  const isThere = (transform: Transform, v: string | null) => there.has(variantKey(id, transform, v));
  const kept = withoutGone(info, isThere, placeholderTransform(deps.config));
  if (listedIn(kept) === listedIn(info)) return false;
  const asListed = ifNotPutAgain({ uploaded: new Date(uploaded) });
  return (await deps.connections.run(() => putInfo(deps.images, id, kept, metadata, asListed))) !== null;
}

/** What is known of these images, by id; those of which nothing is stored are absent. */
export async function readInfos(
  { images, connections }: { images: Pick<R2Bucket, "get">; connections: Pick<Semaphore, "run"> },
  ids: readonly string[],
): Promise<Map<string, StoredInfo>> {
  const known = new Map<string, StoredInfo>();
  await Promise.all(
    [...new Set(ids)].map((id) =>
      connections.run(async () => {
        const object = await images.get(infoKey(id));
        const info = object === null ? null : parseInfo(await object.text());
        if (info !== null) known.set(id, info);
      }),
    ),
  );
  return known;
}
