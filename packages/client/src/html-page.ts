/*
 * The start tags of a page that matter for its images: the host of `<base>`, a policy, and the place of the rule for
 * the images. Any reader of HTML can call it.
 */

/**
 * Reserves the place of an image by the shape of its original, if the page sets its width. `auto`: once loaded, it has
 * its own shape. The rule is in the first layer of the page and has no specificity, so each rule of the page wins, also
 * one in a layer.
 */
export const RULE = '<style>@layer prewarm{:where(img[style*="--prewarm:"]){aspect-ratio:auto var(--prewarm)}}</style>';

/** The decoded attribute of an element by its name; null: it has none. */
export type Attribute = (name: string) => string | null;

/** The facts of a page before its first tag. */
export interface PageStart {
  /** Null: the address of the page is not known yet. */
  url: string | null;
  /** The `Content-Security-Policy` of its headers; null: none. */
  policy: string | null;
  /** The charset of its `Content-Type`; null: none. */
  charset: string | null;
  /** Whether a policy in a `<meta>` forbids images of the edge. */
  forbids(policy: string): boolean;
}

/** The facts of an `<img>` by the tags before it. */
export interface ImagePlace {
  /** The page has a policy, which may forbid inline styles. */
  hasPolicy: boolean;
  /**
   * `<base>` names another host, or one that cannot be compared. Then an image with a relative address is not the
   * site's.
   */
  isElsewhere: boolean;
}

export interface PageReader {
  /** Marks the text as a whole page, by its doctype. A part of a page gets no rule, because its page has it. */
  begin(): void;
  /** Takes a start tag. True: `RULE` belongs before it. */
  open(tagName: string, attribute: Attribute): boolean;
  /** Takes the end tag of an element of `APART`. */
  close(): void;
  /** The place of the current `<img>`; null: the image must stay as it is. */
  place(): ImagePlace | null;
}

/** Elements in which a browser does not show an `<img>`, or chooses another source for it. */
export const APART: readonly string[] = ["picture", "noscript", "template"];
/** The first of these is in the head of a page, or ends the head. */
const HEAD: readonly string[] = ["title", "link", "style", "script", "body"];
/** The elements whose start tags a reader needs, besides `img`. */
export const TOLD: readonly string[] = [...APART, ...HEAD, "html", "meta", "base"];

export function readHtmlPage({ url, policy, charset, forbids }: PageStart): PageReader {
  const place: ImagePlace = { hasPolicy: policy !== null, isElsewhere: false };
  let apart = 0;
  let isPage = false;
  let hasRule = false;
  let hasBase = false;
  let isLeft = false;
  const meta = (attribute: Attribute): void => {
    const content = attribute("content") ?? "";
    const kind = attribute("http-equiv")?.toLowerCase();
    if (kind === "content-security-policy") {
      place.hasPolicy = true;
      // An attribute that the reader could not decode is empty.
      isLeft ||= content === "" || forbids(content);
    }
    const named = kind === "content-type" ? /charset\s*=\s*["']?([^\s"';]+)/i.exec(content)?.[1] : undefined;
    const said = attribute("charset") ?? named;
    // A header wins over the page, and a page that names UTF-16 in ASCII is UTF-8.
    if (charset === null && said !== undefined && !/^\s*utf-?(?:8|16)/i.test(said)) isLeft = true;
  };
  const base = (href: string | null): void => {
    if (href === null || hasBase) return;
    hasBase = true;
    const home = url ?? "https://page.invalid/";
    place.isElsewhere = URL.canParse(href, home) && new URL(href, home).origin !== new URL(home).origin;
  };
  return {
    begin() {
      isPage = true;
    },
    open(tagName, attribute) {
      if (tagName === "html") isPage = true;
      if (APART.includes(tagName)) apart += 1;
      if (apart > 0) return false;
      if (tagName === "meta") meta(attribute);
      if (tagName === "base") base(attribute("href"));
      const isHere = isPage && !hasRule && !isLeft && !place.hasPolicy && HEAD.includes(tagName);
      hasRule ||= isHere;
      return isHere;
    },
    close() {
      apart = Math.max(0, apart - 1);
    },
    place: () => (apart > 0 || isLeft ? null : { ...place }),
  };
}
