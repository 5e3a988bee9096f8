import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import type { Config } from "../../packages/shared/src/config.ts";
import { publicConfig } from "../../packages/shared/src/public-config.ts";

/*
 * Who asks for which URLs of an image. The client prints the pages' URLs; what is assumed of pages, screens, browsers and originals stands
 * in the lists of this file.
 */

/** Three templates of pages: the share of views, the options of the `<img>`, and its box in CSS px on a screen of so many. */
const TEMPLATES = [
  {
    share: 0.5,
    options: { width: 320, sizes: "(max-width: 640px) 50vw, 320px" },
    box: (screen: number) => (screen <= 640 ? screen / 2 : 320),
  },
  {
    share: 0.35,
    options: { width: 720, sizes: "(max-width: 900px) 100vw, 720px" },
    box: (screen: number) => (screen <= 900 ? screen : 720),
  },
  { share: 0.15, options: { sizes: "100vw" }, box: (screen: number) => screen },
];

/** CSS px, device pixels to one of them, share. */
const SCREENS = [
  [360, 3, 0.13],
  [393, 2.75, 0.15],
  [390, 3, 0.24],
  [430, 3, 0.08],
  [820, 2, 0.04],
  [1366, 1, 0.08],
  [1440, 2, 0.09],
  [1536, 1.25, 0.07],
  [1920, 1, 0.12],
] as const;

/** `Accept` and share. 6 % show no AVIF, and 30 % of these show WebP (caniuse.com, 2026-03: WebP reaches 1.5 points more than AVIF's 94.9 %). */
const BROWSERS = [
  ["image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", 0.94],
  ["image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", 0.018],
  ["image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", 0.042],
] as const;

/** Crawlers take `src`, and each fifth time the picture of the link preview. */
const CRAWLER = { accept: "*/*", previews: 0.2 };
/** Of all views. A crawler takes each image as often as any other. */
export const CRAWLERS_SHARE = 0.03;

/** Widths of originals in px, each 3:2, and their shares. */
export const ORIGINALS = [
  [1_200, 0.15],
  [1_600, 0.25],
  [2_400, 0.3],
  [4_000, 0.3],
] as const;

/** An original's size in px. */
export interface Size {
  width: number;
  height: number;
}

/** A URL's query, and what the client that asks for it accepts. */
export interface Ask {
  /** Of those of its kind: of browsers, or of crawlers. */
  share: number;
  byCrawler: boolean;
  query: string;
  accept: string;
}

/** All that is asked of an image whose page knows its size. */
export function asksOf(original: Size, config: Config): Ask[] {
  const client = createPrewarm({ baseUrl: "", ...publicConfig(config) });
  const ref = { id: "a", ...original };
  const pages = TEMPLATES.map(({ options, ...template }) => ({ ...template, ...client.attrs(ref, options) }));
  const browsers = pages.flatMap(({ share, box, srcset = "" }) =>
    SCREENS.flatMap(([screen, density, ofScreens]) =>
      BROWSERS.map(([accept, ofBrowsers]) => ({
        share: share * ofScreens * ofBrowsers,
        byCrawler: false,
        accept,
        query: queryOf(chosen(srcset, box(screen) * density)),
      })),
    ),
  );
  const crawled = { byCrawler: true, accept: CRAWLER.accept };
  const crawlers = pages.map(({ share, src }) => {
    return { ...crawled, share: share * (1 - CRAWLER.previews), query: queryOf(src) };
  });
  return [...browsers, ...crawlers, { ...crawled, share: CRAWLER.previews, query: queryOf(client.og(ref)) }];
}

/** The first candidate of at least so many device pixels, else the widest, as browsers choose. */
function chosen(srcset: string, px: number): string {
  const candidates = srcset.split(", ").map((each) => each.split(" "));
  const found = candidates.find(([, width = ""]) => Number.parseInt(width, 10) >= px) ?? candidates.at(-1);
  return found?.[0] ?? "";
}

function queryOf(url: string): string {
  return url.split("?")[1] ?? "";
}
