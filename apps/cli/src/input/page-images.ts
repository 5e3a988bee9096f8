import type { Html, HtmlImage } from "@prewarm/client/html";
import { APART, type PageStart, RULE, readHtmlPage, TOLD } from "@prewarm/client/html-page";
import { readTokens } from "@prewarm/site-pages/page-tokens";
import type { Token } from "parse5";

/** An `<img>` in a page's text that shows an image of the site. */
export interface ImageTag {
  image: HtmlImage;
  attribute(name: string): string | null;
  /** Where its `src` stands, and its `style` if it has one. */
  src: Place;
  style: Place | null;
}

/** Offsets in the text. */
interface Place {
  start: number;
  end: number;
}

export interface ImageTags {
  images: ImageTag[];
  /** Where `RULE` belongs; null: nowhere in this text. */
  rule: number | null;
}

/** Of a page in a folder: where it will be served, and with what headers, is not known. */
export const UNSERVED: PageStart = { url: null, policy: null, charset: null, forbids: () => false };

/** The images of a page. */
export function imageTags(text: string, html: Html, start: PageStart): ImageTags {
  const found: ImageTags = { images: [], rule: null };
  const page = readHtmlPage(start);
  readTokens(text, {
    doctype: () => page.begin(),
    tag(tag) {
      const attribute = (asked: string) => tag.attrs.find(({ name }) => name === asked)?.value ?? null;
      if (TOLD.includes(tag.tagName) && page.open(tag.tagName, attribute))
        found.rule = tag.location?.startOffset ?? null;
      const src = placeOf(tag, "src");
      const place = tag.tagName === "img" && src !== null ? page.place() : null;
      const image = place === null ? null : html.imageOf(attribute, place);
      if (image !== null && src !== null) found.images.push({ image, attribute, src, style: placeOf(tag, "style") });
    },
    end(tagName) {
      if (APART.includes(tagName)) page.close();
    },
    text: () => {},
    comment: () => {},
  });
  return found;
}

function placeOf({ location }: Token.TagToken, name: string): Place | null {
  const place = location?.attrs?.[name];
  return place === undefined ? null : { start: place.startOffset, end: place.endOffset };
}

/** The page with other attributes of some images, and with `RULE` if one needs it; all else stays as it is, byte by byte. */
export function withAttributes(
  text: string,
  rule: number | null,
  edits: readonly { tag: ImageTag; attributes: Readonly<Record<string, string>> }[],
): string {
  const pieces = edits.flatMap(({ tag, attributes }) => piecesOf(text, tag, attributes));
  const isRuled = rule !== null && edits.some(({ attributes }) => attributes.style !== undefined);
  if (isRuled && !text.includes(RULE)) pieces.unshift({ start: rule, end: rule, text: RULE });
  let at = 0;
  const parts = pieces.map((piece) => {
    const kept = text.slice(at, piece.start);
    at = piece.end;
    return kept + piece.text;
  });
  return parts.join("") + text.slice(at);
}

/** What is put in the place of an image's `src` and `style`, in their order. */
function piecesOf(text: string, { src, style }: ImageTag, attributes: Readonly<Record<string, string>>) {
  const { style: shown, ...others } = attributes;
  const written = Object.entries(style === null ? attributes : others);
  const pieces = [{ ...src, text: written.map(([name, value]) => `${name}="${quoted(value)}"`).join(" ") }];
  if (style !== null && shown !== undefined) {
    // Before what the author wrote, which may leave a bracket open. It has no letter that ends a value without quotes.
    const [head = "", hasValue] = /^style(\s*=\s*["']?)?/i.exec(text.slice(style.start, style.end)) ?? [];
    const start = style.start + head.length;
    pieces.push({ start, end: start, text: hasValue === undefined ? `="${quoted(shown)}"` : quoted(shown) });
  }
  return pieces.toSorted((a, b) => a.start - b.start);
}

function quoted(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}
