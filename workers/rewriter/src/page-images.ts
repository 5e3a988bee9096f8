import type { Attribute, Html } from "@prewarm/client/html";

type ImageRef = NonNullable<ReturnType<Html["refOf"]>>;

/** An `<img>` of the page that shows an image of the site's uploads. */
export interface PageImage {
  rules: Html;
  ref: ImageRef;
  attribute: Attribute;
  element: Element;
}

/** Elements in which an `<img>` is not what a browser shows, or not alone. */
const APART = "picture, noscript, template";

export interface PageRules {
  /** The first that knows an `<img>` has its image. */
  rules: readonly Html[];
  /** Whether a policy in a `<meta>` forbids images of the edge. */
  forbids(policy: string): boolean;
}

/** Calls `each` for the images of a page in their order, and waits for it. Nothing else of the page is touched. */
export function forImages(
  { rules, forbids }: PageRules,
  each: (image: PageImage) => void | Promise<void>,
): HTMLRewriter {
  let apart = 0;
  let isForbidden = false;
  return new HTMLRewriter()
    .on(APART, {
      element(element) {
        apart += 1;
        element.onEndTag(() => {
          apart -= 1;
        });
      },
    })
    .on("meta[http-equiv]", {
      element(element) {
        const isPolicy = element.getAttribute("http-equiv")?.toLowerCase() === "content-security-policy";
        if (isPolicy && forbids(decoded(element.getAttribute("content") ?? "") ?? "img-src")) isForbidden = true;
      },
    })
    .on("img[src]", {
      async element(element) {
        if (apart > 0 || isForbidden) return;
        const attribute: Attribute = (name) => attributeOf(element, name);
        for (const one of rules) {
          const ref = one.refOf(attribute);
          if (ref !== null) return each({ rules: one, ref, attribute, element });
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

/** Writes attributes of an image; those that the author wrote stay, but for `src`. */
export function writeAttributes({ element }: PageImage, attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes))
    if (name === "src" || !element.hasAttribute(name)) element.setAttribute(name, value.replaceAll("&", "&amp;"));
}
