/*
 * What the start tags of a page say of its images, for whatever reads the page: where `<base>` leads, whether there is a policy, and where the
 * rule of the images belongs.
 */

/**
 * Reserves an image's place by its original's shape, where the page gives its width. `auto`: once loaded, it has its own shape. The rule is the
 * page's first layer and has no specificity, so each rule of the page's own wins, also one in a layer.
 */
export const RULE = '<style>@layer prewarm{:where(img[style*="--prewarm:"]){aspect-ratio:auto var(--prewarm)}}</style>';

/** An attribute of an element as it stands in the page, decoded; null: it has none of this name. */
export type Attribute = (name: string) => string | null;

/** What is known of a page before its first tag. */
export interface PageStart {
  /** Null: nobody knows yet where the page will be served. */
  url: string | null;
  /** The `Content-Security-Policy` of its headers; null: none. */
  policy: string | null;
  /** What its `Content-Type` says of the letters; null: nothing. */
  charset: string | null;
  /** Whether a policy in a `<meta>` forbids images of the edge. */
  forbids(policy: string): boolean;
}

/** What the tags up to an `<img>` say of it. */
export interface ImagePlace {
  /** The page has a policy, which may forbid inline styles. */
  hasPolicy: boolean;
  /** `<base>` names another host, or one that nobody can compare: an image named by its path is not the site's. */
  isElsewhere: boolean;
}

export interface PageReader {
  /** Says that the text is a whole page, which a doctype or `<html>` tells. A part of a page gets no rule: its page has it. */
  begin(): void;
  /** Takes a start tag. True: `RULE` belongs before it. */
  open(tagName: string, attribute: Attribute): boolean;
  /** Takes the end tag of an element of `APART`. */
  close(): void;
  /** Of the `<img>` whose turn it is; null: it stays as it is. */
  place(): ImagePlace | null;
}

/** Elements in which an `<img>` is not what a browser shows, or not alone. */
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
      // What a reader cannot read is empty.
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
