import type { LocalPage } from "./local-page.ts";
import { type Rewriting, rewriteShown } from "./shown-page.ts";
import type { SiteCopy } from "./site-copy.ts";

/** What becomes of the images of pages as they stand. */
export interface ShippedParts {
  pages: number;
  /** `<img>` elements of pictures that Prewarm makes variants of. */
  images: number;
  /** Of them, those that the rewriter gives variants. */
  rewritten: number;
  /** Of the others, those whose address the edge reads, and the services of these addresses. */
  old: number;
  services: string[];
  /** Pages whose policy forbids images of the edge. */
  forbidden: number;
}

/** Counts with the rewriter itself, and with the edge's own readers of old addresses. */
export async function shippedParts(
  pages: readonly LocalPage[],
  copy: SiteCopy,
  rewriting: Rewriting,
): Promise<ShippedParts> {
  const services = new Set<string>();
  const counts = { pages: pages.length, images: 0, rewritten: 0, old: 0, forbidden: 0 };
  for (const page of pages) {
    const { rewritten, ids, isForbidden } = await rewriteShown(page, rewriting);
    const kept = page.images.flatMap((url) => copy.byUrl(url) ?? []);
    const old = kept.flatMap((image) => (image.old === null || ids.includes(image.id) ? [] : [image.old.service]));
    for (const service of old) services.add(service);
    counts.images += kept.length;
    counts.rewritten += rewritten;
    counts.old += old.length;
    if (isForbidden) counts.forbidden += 1;
  }
  return { ...counts, services: [...services] };
}
