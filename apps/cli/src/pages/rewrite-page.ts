import type { Html, KnownImage } from "@prewarm/client/html";
import type { PageStart } from "@prewarm/client/html-page";
import { imageTags, UNSERVED, withAttributes } from "../input/page-images.ts";

/** Tells what is known of images by their ids; of an absent one, or of null, nothing is stored. */
export type InfoOf = (ids: readonly string[]) => Promise<ReadonlyMap<string, KnownImage | null>>;

export interface RewrittenPage {
  page: string;
  /** Images that ask for what is stored, and images of the site that stay as they are. */
  images: number;
  unknown: number;
}

/** A page with its images written anew; all else stays as it is, byte by byte. */
export async function rewritePage(
  text: string,
  html: Html,
  infoOf: InfoOf,
  start: PageStart = UNSERVED,
): Promise<RewrittenPage> {
  const { images: found, rule } = imageTags(text, html, start);
  const known = await infoOf([...new Set(found.map(({ image }) => image.ref.id))]);
  const edits: Parameters<typeof withAttributes>[2][number][] = [];
  for (const tag of found) {
    const image = known.get(tag.image.ref.id) ?? undefined;
    const attributes = html.attributesOf(tag.image, tag.attribute, edits.length, image);
    if (attributes !== null) edits.push({ tag, attributes });
  }
  return { page: withAttributes(text, rule, edits), images: edits.length, unknown: found.length - edits.length };
}
