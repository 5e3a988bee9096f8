import { scanSitemap } from "@prewarm/site-pages/scan-sitemap";
import { usageError } from "../platform/exit-codes.ts";
import type { Namer, Read } from "./item.ts";
import { readOne } from "./read-text.ts";

/** Some sites nest indexes, although the protocol forbids it. Deeper than this they form a circle. */
const DEPTH_MAX = 3;

/** Opens a sitemap by URL or file name, already unzipped. */
export type Open = (place: string) => AsyncIterable<Uint8Array>;

/**
 * The images of a sitemap, or of all sitemaps of an index, in their order: every `image:loc`, and every page address that is itself an
 * original's or an image's. An image that no source has is a bad line; the address of a page is passed over. Throws a usage error when the
 * sitemap names no image at all, because then it is of the wrong kind.
 */
export async function* readSitemap(place: string, open: Open, namer: Namer): AsyncGenerator<Read> {
  let images = 0;
  let pages = 0;
  for await (const { of, url, where } of walkSitemap(place, open)) {
    const read = readOne(where, () => namer.fromUrl(url));
    if (of === "page") pages += 1;
    if (of === "page" && read.kind === "bad") continue;
    images += 1;
    yield read.kind === "bad" ? { ...read, reason: `${url}: ${read.reason}` } : read;
  }
  if (images > 0) return;
  throw usageError(
    `${place} names no images: ${pages} pages, and no <image:loc>.`,
    "List the images in the sitemap (the image extension), or give ids with --file.",
  );
}

/** An address in a sitemap: of a page, or of a page's image. `where`: `sitemap.xml#17`. */
interface Listed {
  of: "page" | "image";
  url: string;
  where: string;
}

/** The addresses of a sitemap and of all sitemaps that it names, in their order. */
export async function* walkSitemap(
  place: string,
  open: Open,
  seen: Set<string> = new Set(),
  depth = 1,
): AsyncGenerator<Listed> {
  if (depth > DEPTH_MAX) throw usageError(`${place}: sitemap indexes are nested more than ${DEPTH_MAX} deep.`);
  if (seen.has(place)) return;
  seen.add(place);
  const scan = scanSitemap(open(place))[Symbol.asyncIterator]();
  for (let number = 1; ; number += 1) {
    const next = await advance(scan, place);
    if (next.done) return;
    const { of, url } = next.value;
    if (of === "sitemap") yield* walkSitemap(checkUrl(url, place), open, seen, depth + 1);
    else yield { of, url, where: `${place}#${number}` };
  }
}

async function advance<T>(scan: AsyncIterator<T>, place: string): Promise<IteratorResult<T>> {
  try {
    return await scan.next();
  } catch (error) {
    if (error instanceof Error && error.message.includes("sitemap")) throw usageError(`${place}: ${error.message}.`);
    throw error;
  }
}

/** An index is a stranger's text: it may name further sitemaps on the web, never files of this machine. */
function checkUrl(url: string, place: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw usageError(`${place} names a sitemap that is no URL: ${url}`);
  return url;
}
