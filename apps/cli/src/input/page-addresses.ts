import { parse, type DefaultTreeAdapterTypes as Tree } from "parse5";
import { cssAddresses } from "./css-addresses.ts";

/** An address as the page means it, not resolved yet, and the line it stands in, from 1. */
export interface PageAddress {
  line: number;
  address: string;
}

export interface Page {
  addresses: PageAddress[];
  /** What `<base>` says; null without one. */
  base: string | null;
}

/** Every address from which a browser could load an image: what it asks for depends on the window, so all candidates count. */
export function pageAddresses(html: string): Page {
  // Without scripting the content of noscript is a page's like any other: lazy loaders keep their images there.
  const document = parse(html, { sourceCodeLocationInfo: true, scriptingEnabled: false });
  const page: Page = { addresses: [], base: null };
  const waiting: Tree.ParentNode[] = [document];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ("tagName" in node) readElement(node, page);
    const children = "content" in node ? [node.content] : node.childNodes;
    for (const child of [...children].reverse()) if ("childNodes" in child) waiting.push(child);
  }
  return page;
}

function readElement(element: Tree.Element, page: Page): void {
  const attributes = new Map(
    element.attrs.map(({ prefix, name, value }) => [prefix ? `${prefix}:${name}` : name, value]),
  );
  const get = (name: string): string | undefined => attributes.get(name);
  if (element.tagName === "base") page.base ??= get("href") ?? null;
  const single = (SINGLE[element.tagName] ?? []).flatMap((name) => get(name) ?? []);
  const lists = (LISTS[element.tagName] ?? []).flatMap((name) => get(name) ?? []);
  const found = [
    ...(isWanted(element.tagName, get) ? [...single, ...lists.flatMap(srcsetAddresses)] : []),
    ...cssAddresses(get("style") ?? ""),
    ...(element.tagName === "style" ? cssAddresses(textOf(element)) : []),
  ];
  const line = element.sourceCodeLocation?.startLine ?? 1;
  page.addresses.push(...found.map((address) => ({ line, address: address.trim() })));
}

/** Attributes that hold one address, and those that hold a list, by element. */
const SINGLE: Record<string, string[]> = {
  img: ["src"],
  image: ["href", "xlink:href"],
  input: ["src"],
  video: ["poster"],
  link: ["href"],
  meta: ["content"],
};
const LISTS: Record<string, string[]> = { img: ["srcset"], source: ["srcset"], link: ["imagesrcset"] };

/** Of `link`, `meta` and `input` only those that name a picture; cards of other sites load what `meta` names. */
function isWanted(tag: string, get: (name: string) => string | undefined): boolean {
  const words = (name: string): string[] => (get(name) ?? "").toLowerCase().split(/\s+/);
  if (tag === "link") {
    const rel = words("rel");
    return (rel.includes("preload") && words("as").includes("image")) || rel.some((word) => /icon$/.test(word));
  }
  if (tag === "meta") return /^(og|twitter):image(:url|:secure_url|:src)?$/.test(get("property") ?? get("name") ?? "");
  return tag !== "input" || words("type").includes("image");
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

function textOf(element: Tree.Element): string {
  return element.childNodes.map((child) => ("value" in child ? child.value : "")).join("");
}
