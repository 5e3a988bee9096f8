import { srcsetAddresses } from "@prewarm/site-pages/page-addresses";
import { readTokens } from "@prewarm/site-pages/page-tokens";
import { readPage, resolveAddress } from "@prewarm/site-pages/read-page";
import { OWN_PATH, type SiteNames } from "./site-names.ts";

/** A page of the site, made ready to be shown by this machine. */
export interface LocalPage {
  text: string;
  /** Where its `<base>` leads, else its own address. */
  base: URL;
  /** The pages of the site that it links to, without fragments. */
  links: URL[];
  /** What its `<img>` elements show, as far as no script decides it. */
  images: URL[];
}

/** Hosts beside the site's own that one page may add. */
const HOSTS_MAX = 20;

/** Reads a page, and lets its addresses lead to this machine: those of the site itself, and of every host whose images it shows. */
export function localPage(text: string, url: URL, names: SiteNames): LocalPage {
  const { base, links } = readPage(".html", text);
  const found = readImages(text);
  const resolved = (addresses: readonly string[]): URL[] =>
    addresses.flatMap((address) => {
      const full = resolveAddress(address, base, url.href);
      return full === null || !/^https?:/.test(full) ? [] : [new URL(full)];
    });
  for (const { protocol, host, origin } of resolved(found.candidates).slice(0, HOSTS_MAX * 20))
    if (protocol === "https:" && origin !== names.origin && names.hosts().length < HOSTS_MAX) names.addHost(host);
  return {
    text: withLocalAddresses(without(text, found.policies), names),
    base: new URL(resolveAddress("", base, url.href) ?? url.href),
    links: resolved(links).flatMap((link) => (link.origin === names.origin ? [withoutFragment(link)] : [])),
    images: resolved(found.shown),
  };
}

interface FoundImages {
  shown: string[];
  /** `shown`, and every candidate of a `srcset`. */
  candidates: string[];
  /** Where a `<meta>` with a policy stands: the policy speaks of the site's own host. */
  policies: { start: number; end: number }[];
}

function readImages(text: string): FoundImages {
  const found: FoundImages = { shown: [], candidates: [], policies: [] };
  readTokens(text, {
    tag({ tagName, attrs, location }) {
      const attribute = (asked: string) => attrs.find(({ name }) => name === asked)?.value ?? "";
      if (tagName === "meta" && /^content-security-policy/i.test(attribute("http-equiv")) && location)
        found.policies.push({ start: location.startOffset, end: location.endOffset });
      if (tagName !== "img" && tagName !== "source") return;
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

function without(text: string, places: FoundImages["policies"]): string {
  let at = 0;
  const parts = places.map(({ start, end }) => {
    const kept = text.slice(at, start);
    at = end;
    return kept;
  });
  return parts.join("") + text.slice(at);
}

/** An address of a host. Without its scheme it begins behind a quote, a bracket, a comma or white space. */
const AT_HOST = /(?:https?:|(?<=["'(=,\s]))\/\/([\w.-]+(?::\d+)?|\[[\da-f:.]+\](?::\d+)?)(?![\w.:-])\/?/gi;

/** A page's or style sheet's text in which the addresses of the site's hosts are paths on this machine. */
export function withLocalAddresses(text: string, names: SiteNames): string {
  const paths = new Map(names.hosts().map((host) => [host, `${OWN_PATH}at/${host}/`]));
  paths.set(new URL(names.origin).host, "/");
  return text.replaceAll(AT_HOST, (address, host: string) => paths.get(host.toLowerCase()) ?? address);
}

function withoutFragment(url: URL): URL {
  const plain = new URL(url);
  plain.hash = "";
  return plain;
}
