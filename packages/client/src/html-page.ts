/*
 * What the start tags of a page say of its images, for whatever reads the page: whether there is a policy, and where the rule of the images
 * belongs.
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
  /** The `Content-Security-Policy` of its headers; null: none. */
  policy: string | null;
  /** Whether a policy in a `<meta>` forbids images of the edge. */
  forbids(policy: string): boolean;
}

/** What the tags up to an `<img>` say of it. */
export interface ImagePlace {
  /** The page has a policy, which may forbid inline styles. */
  hasPolicy: boolean;
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
export const TOLD: readonly string[] = [...APART, ...HEAD, "html", "meta"];

export function readHtmlPage({ policy, forbids }: PageStart): PageReader {
  const place: ImagePlace = { hasPolicy: policy !== null };
  let apart = 0;
  let isPage = false;
  let hasRule = false;
  let isLeft = false;
  const meta = (attribute: Attribute): void => {
    const content = attribute("content") ?? "";
    const kind = attribute("http-equiv")?.toLowerCase();
    if (kind === "content-security-policy") {
      place.hasPolicy = true;
      // What a reader cannot read is empty.
      isLeft ||= content === "" || forbids(content);
    }
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
