import { cssAddresses } from "./css-addresses.ts";
import { readTokens, type Seen } from "./page-tokens.ts";
import { textAddresses } from "./text-addresses.ts";

/** An address as the page means it, not resolved yet. */
export interface PageAddress {
  /** Where its element begins, from 1. */
  line: number;
  address: string;
  /** False: it stands in data or in a script, which may not mean it as an address. */
  certain: boolean;
}

export interface Page {
  addresses: PageAddress[];
  /** What `<base>` says; null without one. */
  base: string | null;
  /** Where its links lead, and the style sheets that it loads; not resolved. */
  links: string[];
  sheets: string[];
}

/**
 * Every address in a page's elements, style sheets and scripts. No list says which elements load images: the edge serves images only, so an
 * address of the edge is an image wherever it stands. What is loaded depends on the window, so all candidates count.
 */
export function pageAddresses(html: string): Page {
  const page: Page = { addresses: [], base: null, links: [], sheets: [] };
  readTokens(html, {
    ...collect(page, 0, true),
    comment(data, line) {
      // Outlook reads the content of `<!--[if mso]>…<![endif]-->`. Comments within are passed over, so that reading stays linear.
      const head = /^\[if [^\]]*\]>/i.exec(data)?.[0];
      if (head !== undefined) readTokens(data.slice(head.length), collect(page, line - 1, false));
    },
  });
  return page;
}

/** `before`: lines of the page before the text that is read. `isShown`: browsers of today read it. */
function collect(page: Page, before: number, isShown: boolean): Seen {
  let templates = 0;
  const add = (addresses: string[], line: number, certain: boolean): void => {
    for (const address of addresses) {
      // A browser asks for such an address as it stands, but not in a template, which a script fills.
      const isFilled = BRACES.test(address) && (!certain || templates > 0);
      if (!isFilled) page.addresses.push({ line: before + line, address: address.trim(), certain });
    }
  };
  return {
    tag({ tagName, attrs }, line) {
      if (tagName === "template") templates += 1;
      const attribute = (asked: string) => attrs.find(({ name }) => name === asked)?.value ?? null;
      const href = attribute("href");
      const isLink = LINKS.has(tagName);
      if (isLink) page.links.push(...(href === null ? [] : [href]));
      if (tagName === "link" && href !== null && /\bstylesheet\b/i.test(attribute("rel") ?? "")) page.sheets.push(href);
      if (tagName === "base") page.base ??= isShown && templates === 0 ? href : null;
      // A link may lead to an address that only looks like an image's.
      else
        for (const { name, value } of attrs)
          add(attributeAddresses(name, value), line, LOADED.test(name) && !(isLink && name === "href"));
    },
    text(tagName, text, line) {
      if (tagName === "style") add(cssAddresses(text), line, true);
      else add(textAddresses(text), line, false);
    },
    comment: () => {},
    end(tagName) {
      if (tagName === "template") templates = Math.max(0, templates - 1);
    },
  };
}

/** Elements whose `href` a reader follows. */
const LINKS = new Set(["a", "area"]);

/** What a template language fills in, as it stands or encoded. */
const BRACES = /\{\{|%7b%7b/i;

/** Attributes that browsers load from. Lazy loaders have their own, which may hold templates such as `{width}`. */
const LOADED = /^(?:src|srcset|imagesrcset|href|poster|content|background|style)$/;

/** Attributes that hold one address, those of lazy loaders and AMP included. */
const SINGLE = /^(?:(?:.+[-:])?(?:src|href|poster|content|background|original)|data)$/;

function attributeAddresses(name: string, value: string): string[] {
  if (name === "style") return cssAddresses(value);
  if (name.endsWith("srcset")) return srcsetAddresses(value);
  return SINGLE.test(name) ? [value] : textAddresses(value);
}

/** A srcset's addresses, split as the HTML standard says: a comma ends a candidate only behind white space or at an address's end. */
export function srcsetAddresses(srcset: string): string[] {
  const found: string[] = [];
  let rest = srcset;
  for (;;) {
    rest = rest.replace(/^[\s,]+/, "");
    const address = /^\S+/.exec(rest)?.[0];
    if (address === undefined) return found;
    rest = rest.slice(address.length);
    let end = address.length;
    while (address[end - 1] === ",") end -= 1;
    found.push(address.slice(0, end));
    // Descriptors run to the next comma outside brackets.
    if (!address.endsWith(",")) rest = rest.replace(/^(?:[^,(]|\([^)]*\)?)*/, "");
  }
}
