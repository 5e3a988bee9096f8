import type { Html, HtmlImage } from "@prewarm/client/html";
import { APART, type Attribute, type PageStart, RULE, readHtmlPage, TOLD } from "@prewarm/client/html-page";

/** An `<img>` of the page that shows an image of the site's uploads. */
export interface PageImage {
  rules: Html;
  image: HtmlImage;
  attribute: Attribute;
  element: Element;
}

export interface PageRules {
  /** The first that knows an `<img>` has its image. */
  rules: readonly Html[];
  start: PageStart;
}

/** Calls `each` for the images of a page in their order, and waits for it. Of the rest nothing is touched but that `RULE` is put in. */
export function forImages({ rules, start }: PageRules, each: (image: PageImage) => void | Promise<void>): HTMLRewriter {
  const page = readHtmlPage(start);
  return new HTMLRewriter()
    .onDocument({ doctype: () => page.begin() })
    .on(TOLD.join(), {
      element(element) {
        if (page.open(element.tagName, (name) => attributeOf(element, name))) element.before(RULE, { html: true });
        if (APART.includes(element.tagName)) element.onEndTag(() => page.close());
      },
    })
    .on("img[src]", {
      async element(element) {
        const place = page.place();
        if (place === null) return;
        const attribute: Attribute = (name) => attributeOf(element, name);
        for (const one of rules) {
          const image = one.imageOf(attribute, place);
          if (image !== null) return each({ rules: one, image, attribute, element });
        }
      },
    });
}

/** As a browser reads it. What cannot be read is there, and empty. */
function attributeOf(element: Element, name: string): string | null {
  const text = element.getAttribute(name);
  return text === null ? null : (decoded(text) ?? "");
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">" };
const REFERENCE = /&(?:#(\d+)|#x([\da-f]+)|([a-z][a-z\d]*));/gi;

/** HTMLRewriter leaves character references as they stand. Null: one that is not known here. */
export function decoded(text: string): string | null {
  let isKnown = true;
  const plain = text.replaceAll(REFERENCE, (_, decimal?: string, hex?: string, name = "") => {
    const code = Number.parseInt(decimal ?? hex ?? "", decimal === undefined ? 16 : 10);
    const letter = code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : NAMED[name];
    isKnown &&= letter !== undefined;
    return letter ?? "";
  });
  return isKnown ? plain : null;
}

/** Writes attributes of an image; `style` goes before what the author wrote. */
export function writeAttributes({ element }: PageImage, attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    const own = name === "style" ? (element.getAttribute(name) ?? "") : "";
    // Letters that are no UTF-8 stay what they are.
    if (own.includes("\ufffd")) continue;
    element.setAttribute(name, value.replaceAll("&", "&amp;") + own);
  }
}
