import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { charsetOf, pageText } from "@prewarm/site-pages/page-text";
import { type LocalPage, localPage } from "./local-page.ts";
import type { OldAddress, ReadOldAddress } from "./old-addresses.ts";
import { Refused, readAll, type SiteAnswer } from "./site-fetch.ts";
import type { SiteNames } from "./site-names.ts";

/** Bytes of a page or style sheet, and of an image that is kept. */
export const PAGE_MAX_BYTES = 4_000_000;
export const IMAGE_MAX_BYTES = 32_000_000;
/** Images that are kept, and their bytes together. */
const IMAGES_MAX = 400;
const IMAGES_MAX_BYTES = 400_000_000;

/** The types of pictures that become variants. TIFF and JPEG XL do not: Ittybit takes neither. */
const RASTER = /^image\/(jpe?g|png|webp|avif|hei[cf])\b/i;

/** An image of the site, read once. */
export interface KeptImage {
  /** Of its original. */
  id: string;
  /** At which the site shows it. */
  url: URL;
  type: string;
  /** Of what the site answers at `url`. */
  bytes: number;
  /** Its `Access-Control-Allow-Origin`; null: none. */
  sharedWith: string | null;
  /** What its address stands for by `legacy`; null: nothing but itself. */
  old: OldAddress | null;
  read(): Readable;
}

/** What has been read of a site. */
export interface SiteCopy {
  byUrl(url: URL): KeptImage | undefined;
  /** An image whose bytes are the original of the variants of `id`. */
  byId(id: string): KeptImage | undefined;
  all(): readonly KeptImage[];
  /** Keeps an answer that is a picture. Null: it is none, or there is no room, and its body is unread. Rejects as `readAll` does. */
  keep(url: URL, answer: SiteAnswer): Promise<KeptImage | null>;
  /** The original that is still to be read for an image, told once; null: none is. */
  wanted(image: KeptImage): URL | null;
  /** The original of an old address is not there: as at the edge, the picture there is an original itself. */
  becomeOriginal(image: KeptImage): void;
  /** Reads an answer that is a page. Null: it is none, and its body is unread. Rejects as `readAll` does. */
  page(answer: SiteAnswer): Promise<LocalPage | null>;
}

export interface SiteCopyDeps {
  /** Where the images' bytes lie. */
  folder: string;
  names: SiteNames;
  readOld: ReadOldAddress;
  /** Told each original once. */
  kept(image: KeptImage): void;
}

export function createSiteCopy({ folder, names, readOld, kept }: SiteCopyDeps): SiteCopy {
  const urls = new Map<string, KeptImage>();
  const ids = new Map<string, KeptImage>();
  const wanted = new Set<string>();
  let bytes = 0;
  const add = (image: KeptImage): void => {
    urls.set(image.url.href, image);
    if (originalOf(image).href !== image.url.href || ids.has(image.id)) return;
    ids.set(image.id, image);
    kept(image);
  };
  return {
    byUrl: (url) => urls.get(url.href),
    byId: (id) => ids.get(id),
    all: () => [...urls.values()],
    async keep(url, { status, type, body, sharedWith }) {
      const old = readOld(url);
      const id = names.idOf(old?.original ?? url);
      const hasRoom = urls.size < IMAGES_MAX && bytes < IMAGES_MAX_BYTES;
      if (status !== 200 || !RASTER.test(type) || id === null || !hasRoom) return null;
      const content = await readAll(body, IMAGE_MAX_BYTES);
      // Two requests at a time.
      const known = urls.get(url.href);
      if (known !== undefined) return known;
      const file = join(folder, `image-${urls.size}`);
      bytes += content.length;
      const read = (): Readable => createReadStream(file);
      const image: KeptImage = { id, url, type, bytes: content.length, sharedWith, old, read };
      // Its place, before the next one asks for a file.
      urls.set(url.href, image);
      await writeFile(file, content);
      add(image);
      return image;
    },
    wanted(image) {
      const original = originalOf(image);
      if (urls.has(original.href) || wanted.has(original.href)) return null;
      wanted.add(original.href);
      return original;
    },
    becomeOriginal(image) {
      const id = names.idOf(image.url);
      if (id !== null && image.old?.maybeItself) add({ ...image, id, old: { ...image.old, original: image.url } });
    },
    page: (answer) => readPage(answer, names),
  };
}

async function readPage(answer: SiteAnswer, names: SiteNames): Promise<LocalPage | null> {
  const { status, type, body } = answer;
  if (status !== 200 || !/^(text\/html|application\/xhtml\+xml)\b/i.test(type)) return null;
  const content = await readAll(body, PAGE_MAX_BYTES);
  return localPage(pageText(content, charsetOf(type)), answer, names);
}

/** Where the original of an image is. */
export function originalOf({ url, old }: Pick<KeptImage, "url" | "old">): URL {
  return old?.original ?? url;
}

/** Why something was not read, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError" || error.name === "AbortError") return "it does not end in time";
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}
