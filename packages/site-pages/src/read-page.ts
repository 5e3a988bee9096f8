import { cssAddresses } from "./css-addresses.ts";
import { type Page, type PageAddress, pageAddresses } from "./page-addresses.ts";

/** A page, or a style sheet: a name that ends in `.css`. */
export function readPage(name: string, text: string): Page {
  if (!/\.css$/i.test(name)) return pageAddresses(text);
  const addresses = cssAddresses(text).map((address) => ({ line: 1, address, certain: true }));
  return { addresses, base: null, links: [], sheets: [] };
}

/** An image of the edge that a page asks for. */
export interface PageImage extends Omit<PageAddress, "address"> {
  url: string;
}

/** The edge's images among a page's addresses. `site`: where the page is served; null: only whole addresses count. */
export function pageImages(
  { addresses, base }: Page,
  site: string | null,
  isImageUrl: (url: string) => boolean,
): PageImage[] {
  return addresses.flatMap(({ line, address, certain }) => {
    const url = resolveAddress(address, base, site);
    return url !== null && isImageUrl(url) ? [{ line, url, certain }] : [];
  });
}

/** An absolute address, or null: `data:` and the like, and what is relative to a site that nobody named. */
export function resolveAddress(address: string, base: string | null, site: string | null): string | null {
  // `//host/…` needs a scheme only; pages are served over https.
  const home = site ?? (address.startsWith("//") ? "https://site.invalid/" : undefined);
  const from = base !== null && URL.canParse(base, home) ? new URL(base, home).href : home;
  return URL.canParse(address, from) ? new URL(address, from).href : null;
}

/** An image of the edge in a page: line, what follows `/images/`, and whether the page surely means it as an address. */
export type ImageUse = readonly [line: number, path: string, certain: boolean];

/**
 * Why a page was not read. `failed`: an error, no end, or too large. `missing`: 404 or 410. `away`: it redirects to another host. `robots`:
 * robots.txt forbids it. `other`: it is neither HTML nor a style sheet.
 */
export interface PageFault {
  kind: "failed" | "missing" | "away" | "robots" | "other";
  why: string;
}

/** A page as it was read. */
export interface PageRecord {
  /** Its address, or its name in the folder. */
  page: string;
  isSheet: boolean;
  /** Null: it was read. */
  fault: PageFault | null;
  images: readonly ImageUse[];
  /** Addresses of the site's pages and style sheets that no page before it named. */
  found: readonly string[];
}

/** What follows `/images/` in an address of the edge's images; null for any other. */
export type PathOf = (url: string) => string | null;

/** The images of a page, each address once. `at`: where the page is served; null: only whole addresses count. */
export function usesOf(page: Page, at: string | null, pathOf: PathOf): ImageUse[] {
  const uses = new Map<string, ImageUse>();
  for (const { line, url, certain } of pageImages(page, at, (one) => pathOf(one) !== null)) {
    const path = pathOf(url)?.split("#")[0] ?? "";
    if (uses.get(path)?.[2] !== true) uses.set(path, [uses.get(path)?.[0] ?? line, path, certain]);
  }
  return [...uses.values()];
}
