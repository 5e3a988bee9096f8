import { readTokens } from "@prewarm/site-pages/page-tokens";
import type { Token } from "parse5";

/** An `<img>` in a page's text. */
export interface ImageTag {
  attribute(name: string): string | null;
  /** Where its `src` stands: offsets in the text. */
  src: { start: number; end: number };
}

/** Elements in which an `<img>` is not what a browser shows, or not alone. */
const APART = new Set(["picture", "noscript", "template"]);

/** The page's `<img>` elements with a `src`, without those in `picture`, `noscript`, `template`, comments and scripts. */
export function imageTags(html: string): ImageTag[] {
  const found: ImageTag[] = [];
  let apart = 0;
  readTokens(html, {
    tag(tag) {
      if (APART.has(tag.tagName)) apart += 1;
      const place = tag.tagName === "img" && apart === 0 ? tag.location?.attrs?.src : undefined;
      if (place !== undefined)
        found.push({
          attribute: (name) => textOf(tag, name),
          src: { start: place.startOffset, end: place.endOffset },
        });
    },
    end(tagName) {
      if (APART.has(tagName)) apart = Math.max(0, apart - 1);
    },
    text: () => {},
    comment: () => {},
  });
  return found;
}

function textOf({ attrs }: Token.TagToken, asked: string): string | null {
  return attrs.find(({ name }) => name === asked)?.value ?? null;
}

/** The page with other attributes in the place of some images' `src`; all else stays as it is, byte by byte. */
export function withAttributes(
  html: string,
  edits: readonly { image: ImageTag; attributes: Readonly<Record<string, string>> }[],
): string {
  const parts: string[] = [];
  let at = 0;
  for (const { image, attributes } of edits) {
    const isReplaced = (name: string): boolean => name === "src" || image.attribute(name) === null;
    const written = Object.entries(attributes).filter(([name]) => isReplaced(name));
    parts.push(html.slice(at, image.src.start), written.map(([name, value]) => `${name}="${quoted(value)}"`).join(" "));
    at = image.src.end;
  }
  return parts.join("") + html.slice(at);
}

function quoted(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}
