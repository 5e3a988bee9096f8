import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pageText } from "@prewarm/site-pages/page-text";
import { pageImages, readPage } from "@prewarm/site-pages/read-page";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import type { Namer, Read } from "./item.ts";
import { readOne } from "./read-text.ts";

/** A site's pages, as a build wrote them. */
export interface Pages {
  /** Files, or folders with everything below. */
  places: readonly string[];
  /** Where the pages will be served: what their relative addresses lead to. Null: only whole addresses count. */
  site: string | null;
}

/** Bytes of a page that is read: it is held in memory as a whole. The HTML standard on a single page has 15 MB. */
export const PAGE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * The edge's images that pages and style sheets ask for, each address once, in the order of the files' names. Addresses of anything else are
 * passed over. An address of the edge that names no image is a bad line, unless it stands in data or in a script.
 */
export async function* readPages({ places, site }: Pages, namer: Namer, context: Context): AsyncGenerator<Read> {
  const seen = new Set<string>();
  for (const place of places) {
    for (const file of await filesOf(place, context)) {
      const path = resolve(context.cwd, file);
      if ((await stat(path)).size > PAGE_BYTES_MAX) {
        yield { kind: "bad", place: file, reason: `it is larger than ${PAGE_BYTES_MAX / 1024 / 1024} MiB` };
        continue;
      }
      const page = readPage(file, pageText(await readFile(path), null));
      for (const { line, url, certain } of pageImages(page, site, namer.isImageUrl)) {
        if (seen.has(url)) continue;
        const read = readOne(`${file}:${line}`, () => namer.fromUrl(url));
        if (read.kind === "bad" && !certain) continue;
        seen.add(url);
        yield read.kind === "bad" ? { ...read, reason: `${url}: ${read.reason}` } : read;
      }
    }
  }
}

/** The pages and style sheets in a folder, or the one file, by name. Throws a usage error when there are none. */
export async function filesOf(place: string, { cwd }: Pick<Context, "cwd">): Promise<string[]> {
  const info = await stat(resolve(cwd, place)).catch(() => null);
  if (info === null)
    throw usageError(
      `${place} is not found.`,
      "A folder or a file of built pages is needed; for a site on the web there is --sitemap.",
    );
  if (!info.isDirectory()) return [place];
  const names = await readdir(resolve(cwd, place), { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => !entry.isDirectory() && /\.(html?|xhtml|css)$/i.test(entry.name))
    .map(({ parentPath, name }) => join(place, join(parentPath, name).slice(resolve(cwd, place).length)));
  if (files.length === 0) throw usageError(`${place} holds no pages: no .html, .xhtml or .css.`);
  return files.sort();
}
