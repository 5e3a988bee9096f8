import { srcsetAddresses } from "@prewarm/site-pages/page-addresses";
import { readTokens } from "@prewarm/site-pages/page-tokens";
import { readPage, resolveAddress } from "@prewarm/site-pages/read-page";
import type { SiteNames } from "./site-names.ts";

/** A page of the site, as it came. */
export interface LocalPage {
  text: string;
  url: URL;
  /** The `Content-Security-Policy` of its headers; null: none. */
  policy: string | null;
  /** Where its `<base>` leads, else its own address. */
  base: URL;
  /** The pages of the site that it links to, without fragments. */
  links: URL[];
  /** What its `<img>` elements show, as far as no script decides it. */
  images: URL[];
}

/** Images of a page whose hosts are looked at. */
const CANDIDATES_MAX = 400;

/** Reads a page, and lets every host whose images it shows be asked through this machine. */
export function localPage(
  text: string,
  { url, policy }: Pick<LocalPage, "url" | "policy">,
  names: SiteNames,
): LocalPage {
  const { base, links } = readPage(".html", text);
  const found = readImages(text);
  const resolved = (addresses: readonly string[]): URL[] =>
    addresses.flatMap((address) => {
      const full = resolveAddress(address, base, url.href);
      return full === null || !/^https?:/.test(full) ? [] : [new URL(full)];
    });
  for (const { protocol, host } of resolved(found.candidates).slice(0, CANDIDATES_MAX))
    if (protocol === "https:") names.addHost(host);
  return {
    text,
    url,
    policy,
    base: new URL(resolveAddress("", base, url.href) ?? url.href),
    links: resolved(links).flatMap((link) => (link.origin === names.origin ? [withoutFragment(link)] : [])),
    images: resolved(found.shown),
  };
}

interface FoundImages {
  shown: string[];
  /** `shown`, and every candidate of a `srcset`. */
  candidates: string[];
}

function readImages(text: string): FoundImages {
  const found: FoundImages = { shown: [], candidates: [] };
  readTokens(text, {
    tag({ tagName, attrs }) {
      if (tagName !== "img" && tagName !== "source") return;
      const attribute = (asked: string) => attrs.find(({ name }) => name === asked)?.value ?? "";
      found.candidates.push(...["srcset", "data-srcset"].flatMap((name) => srcsetAddresses(attribute(name))));
      if (tagName !== "img") return;
      const shown = attribute("data-src") || attribute("src") || srcsetAddresses(attribute("srcset")).at(-1);
      if (shown) found.shown.push(shown);
    },
    text: () => {},
    comment: () => {},
  });
  found.candidates.push(...found.shown);
  return found;
}

/** A page's text with each policy of a `<meta>` as `change` has it. */
export function withPolicies(text: string, change: (policy: string) => string): string {
  let at = 0;
  const parts: string[] = [];
  readTokens(text, {
    tag({ tagName, attrs, location }) {
      const attribute = (asked: string) => attrs.find(({ name }) => name === asked)?.value ?? "";
      const place = location?.attrs?.content;
      if (tagName !== "meta" || place === undefined || !POLICY.test(attribute("http-equiv"))) return;
      const policy = change(attribute("content")).replaceAll("&", "&amp;").replaceAll('"', "&quot;");
      parts.push(text.slice(at, place.startOffset), `content="${policy}"`);
      at = place.endOffset;
    },
    text: () => {},
    comment: () => {},
  });
  return parts.join("") + text.slice(at);
}

const POLICY = /^\s*content-security-policy\s*$/i;

/** An address of a host. Without its scheme it begins behind a quote, a bracket, a comma or white space. */
const AT_HOST = /(?:https?:|(?<=["'(=,\s]))\/\/([\w.-]+(?::\d+)?|\[[\da-f:.]+\](?::\d+)?)(?![\w.:-])\/?/gi;

/** A page's or style sheet's text in which the addresses of the site's hosts are those on this machine. */
export function withLocalAddresses(text: string, names: SiteNames): string {
  const locals = new Map(names.origins().map(({ origin, local }) => [new URL(origin).host, `${local}/`]));
  return text.replaceAll(AT_HOST, (address, host: string) => locals.get(host.toLowerCase()) ?? address);
}

function withoutFragment(url: URL): URL {
  const plain = new URL(url);
  plain.hash = "";
  return plain;
}
