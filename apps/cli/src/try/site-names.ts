import { createHash } from "node:crypto";
import { checkId } from "@prewarm/shared/image-id";

/** What this program answers by itself begins with it; all other paths are the site's. */
export const OWN_PATH = "/.prewarm/";
const AT = `${OWN_PATH}at/`;

/** One resource of a site has three names: its address, the path at which the browser asks this machine for it, and an image's id. */
export interface SiteNames {
  /** Of the site, such as `https://www.example.com`. */
  origin: string;
  /** The path on this machine, with its query; null: it is at a host of which no page has shown an image. */
  pathOf(url: URL): string | null;
  /** The address of a path; null: the path is none of the site's. */
  urlOf(path: string): URL | null;
  /** The id of the image at an address; null: no id can say it. */
  idOf(url: URL): string | null;
  /** Lets a host that shows images of the site be asked through this machine. */
  addHost(host: string): void;
  hosts(): readonly string[];
}

export function createSiteNames(origin: string): SiteNames {
  const hosts = new Set<string>();
  const isKnown = (url: URL): boolean => url.protocol === "https:" && hosts.has(url.host);
  return {
    origin,
    pathOf(url) {
      const rest = `${url.pathname}${url.search}`;
      if (url.origin === origin) return rest;
      return isKnown(url) ? `${AT}${url.host}${rest}` : null;
    },
    urlOf(path) {
      if (!path.startsWith("/")) return null;
      // Not `URL.parse(path, origin)`: a path that begins with two slashes would name another host.
      if (!path.startsWith(OWN_PATH)) return URL.parse(`${origin}${path}`);
      const url = path.startsWith(AT) ? URL.parse(`https://${path.slice(AT.length)}`) : null;
      return url !== null && isKnown(url) ? url : null;
    },
    idOf(url) {
      const path = url.pathname.slice(1);
      const id = textOf(url.origin === origin ? path : `${url.host}/${path}`);
      if (id === null) return null;
      // Another query is another picture: `/_next/image?url=…`.
      const query = url.search === "" ? "" : `~${createHash("sha256").update(url.search).digest("hex").slice(0, 10)}`;
      return isId(`${id}${query}`) ? `${id}${query}` : null;
    },
    addHost: (host) => void hosts.add(host),
    hosts: () => [...hosts],
  };
}

function textOf(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

function isId(text: string): boolean {
  try {
    checkId(text);
    return true;
  } catch {
    return false;
  }
}
