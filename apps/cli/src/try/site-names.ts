import { createHash } from "node:crypto";
import { checkId } from "@prewarm/shared/image-id";

/** What this program answers by itself begins with it, at the site's host name; all other paths are the site's. */
export const OWN_PATH = "/.prewarm/";

/** Hosts beside the site's own that are shown through this machine. */
const HOSTS_MAX = 20;

/**
 * One resource of a site has three names: its address, the address on this machine, and an image's id. Each host of the web has a host name of
 * its own here, `<digits>.localhost`, so the browser keeps it apart from this machine's other programs and from the other hosts, as on the web.
 */
export interface SiteNames {
  /** Of the site, such as `https://www.example.com`. */
  origin: string;
  /** Where the site is on this machine, such as `http://0f3a9c21.localhost:41234`. */
  home: string;
  /** The address on this machine; null: it is at a host of which no page has shown an image. */
  localOf(url: URL): string | null;
  /** The address that a browser means by `Host` and path; null: it is none of the site's. */
  urlOf(host: string, path: string): URL | null;
  /** The id of the image at an address; null: no id can say it. */
  idOf(url: URL): string | null;
  /** Lets a host that shows images of the site be asked through this machine. At most twenty; a further one is passed over. */
  addHost(host: string): void;
  hosts(): readonly string[];
  /** Every origin that is shown here, with its origin on this machine. */
  origins(): readonly { origin: string; local: string }[];
}

/** `port`: where this machine shows the site. */
export function createSiteNames(origin: string, port: number): SiteNames {
  const hosts = new Set<string>();
  const localAt = (one: string): string =>
    `http://${createHash("sha256").update(one).digest("hex").slice(0, 10)}.localhost:${port}`;
  const locals = new Map([[origin, localAt(origin)]]);
  return {
    origin,
    home: localAt(origin),
    localOf(url) {
      const local = locals.get(url.origin);
      return local === undefined ? null : `${local}${url.pathname}${url.search}`;
    },
    urlOf(host, path) {
      const found = [...locals].find(([, local]) => local === `http://${host.toLowerCase()}`)?.[0];
      // Not `URL.parse(path, found)`: a path that begins with two slashes would name another host.
      return found === undefined || !path.startsWith("/") ? null : URL.parse(`${found}${path}`);
    },
    idOf(url) {
      const path = url.pathname.slice(1);
      const id = textOf(url.origin === origin ? path : `${url.host}/${path}`);
      if (id === null) return null;
      // Another query is another picture: `/_next/image?url=…`.
      const query = url.search === "" ? "" : `~${createHash("sha256").update(url.search).digest("hex").slice(0, 10)}`;
      return isId(`${id}${query}`) ? `${id}${query}` : null;
    },
    addHost(host) {
      if (hosts.size >= HOSTS_MAX || origin === `https://${host}`) return;
      hosts.add(host);
      locals.set(`https://${host}`, localAt(`https://${host}`));
    },
    hosts: () => [...hosts],
    origins: () => [...locals].map(([one, local]) => ({ origin: one, local })),
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
