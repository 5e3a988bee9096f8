import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { charsetOf, pageText } from "@prewarm/site-pages/page-text";
import { type LocalPage, localPage } from "./local-page.ts";
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

/** An image of the site, read once, whose bytes are the original of its variants. */
export interface KeptImage {
  id: string;
  /** At which the browser asks this machine for it. */
  path: string;
  type: string;
  bytes: number;
  read(): Readable;
}

/** What has been read of a site. */
export interface SiteCopy {
  byPath(path: string): KeptImage | undefined;
  byId(id: string): KeptImage | undefined;
  all(): readonly KeptImage[];
  /** Keeps an answer that is a picture. Null: it is none, or there is no room, and its body is unread. Rejects as `readAll` does. */
  keep(path: string, answer: SiteAnswer): Promise<KeptImage | null>;
  /** Reads an answer that is a page. Null: it is none, and its body is unread. Rejects as `readAll` does. */
  page(answer: SiteAnswer): Promise<LocalPage | null>;
}

/** `folder`: where the images' bytes lie. `kept` is told each image once. */
export function createSiteCopy(folder: string, names: SiteNames, kept: (image: KeptImage) => void): SiteCopy {
  const paths = new Map<string, KeptImage>();
  const ids = new Map<string, KeptImage>();
  let bytes = 0;
  return {
    byPath: (path) => paths.get(path),
    byId: (id) => ids.get(id),
    all: () => [...ids.values()],
    async keep(path, { status, type, body }) {
      const url = names.urlOf(path);
      const id = url === null ? null : names.idOf(url);
      const hasRoom = ids.size < IMAGES_MAX && bytes < IMAGES_MAX_BYTES;
      if (status !== 200 || !RASTER.test(type) || id === null || !hasRoom) return null;
      const content = await readAll(body, IMAGE_MAX_BYTES);
      // Two requests at a time, or two spellings of one path.
      const known = ids.get(id);
      const file = join(folder, `image-${ids.size}`);
      const image = known ?? { id, path, type, bytes: content.length, read: () => createReadStream(file) };
      paths.set(path, image);
      if (known !== undefined) return known;
      ids.set(id, image);
      bytes += content.length;
      await writeFile(file, content);
      kept(image);
      return image;
    },
    async page({ url, status, type, body }) {
      if (status !== 200 || !/^(text\/html|application\/xhtml\+xml)\b/i.test(type)) return null;
      const content = await readAll(body, PAGE_MAX_BYTES);
      return localPage(pageText(content, charsetOf(type)), url, names);
    },
  };
}

/** Why something was not read, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError" || error.name === "AbortError") return "it does not end in time";
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}
