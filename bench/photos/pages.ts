import { DEFAULTS, defineConfig } from "@prewarm/shared/config";
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";

/** Of each photograph, in px. */
export const SIZE = { width: 2400, height: 1600 } as const;
/** Where all contenders have their candidates. */
export const WIDTHS = DEFAULTS.pages.widths;
/** A photo fills a phone, and a third of a desktop's window. */
const SIZES = "(max-width: 600px) 100vw, 33vw";
const STYLE = `<style>
  body { margin: 0 } main { display: grid; grid-template-columns: repeat(3, 1fr) }
  @media (max-width: 600px) { main { grid-template-columns: 1fr } } img { width: 100%; height: auto }
</style>`;

const page = (images: readonly string[]): string =>
  `<!doctype html><meta name=viewport content="width=device-width"><link rel=icon href=data:,>${STYLE}<main>${images.join("\n")}</main>`;

/** A page with a `srcset` of one's own. `urlOf`: where the photo `n` lies, `width` px wide. */
export function handMade(count: number, urlOf: (n: number, width: number) => string): string {
  const image = (n: number): string => {
    const candidates = WIDTHS.map((width) => `${urlOf(n, width)} ${width}w`).join(", ");
    return `<img src="${urlOf(n, 828)}" srcset="${candidates}" sizes="${SIZES}" width=${SIZE.width} height=${SIZE.height} loading=lazy alt="Photo ${n}">`;
  };
  return page(Array.from({ length: count }, (_, n) => image(n)));
}

/** The page of originals, as sites without an image service have it. */
export function bare(count: number, urlOf: (n: number) => string): string {
  const image = (n: number) =>
    `<img src="${urlOf(n)}" width=${SIZE.width} height=${SIZE.height} loading=lazy alt="Photo ${n}">`;
  return page(Array.from({ length: count }, (_, n) => image(n)));
}

/** The page that the client writes. */
export function ours(count: number, edgeUrl: string, idOf: (n: number) => string): string {
  const prewarm = createPrewarm({ baseUrl: edgeUrl });
  const image = (n: number) => prewarm.img({ id: idOf(n), ...SIZE }, { sizes: SIZES, alt: `Photo ${n}` });
  return page(Array.from({ length: count }, (_, n) => image(n)));
}

/** The rung below, which is none of the pages' widths. */
function rungBelow(width: number): number {
  const below = defineConfig({ sources: [] }).ladder.filter((rung) => rung < width && !WIDTHS.includes(rung));
  return below.at(-1) ?? width;
}

/** Words that no upload makes, and how they change the client's page. The client itself never writes them. */
export const UNLISTED: Record<string, (ours: string) => string> = {
  "q=medium": (html) => html.replaceAll("&amp;f=auto", "&amp;q=medium&amp;f=auto"),
  "q=very_high": (html) => html.replaceAll("&amp;f=auto", "&amp;q=very_high&amp;f=auto"),
  "a width of its own": (html) => html.replace(/\?w=(\d+)/g, (_, width) => `?w=${rungBelow(Number(width))}`),
  "a crop of 4:3": (html) =>
    html.replace(/\?w=(\d+)/g, (_, width) => `?w=${width}&amp;h=${Math.round((Number(width) * 3) / 4)}`),
};
