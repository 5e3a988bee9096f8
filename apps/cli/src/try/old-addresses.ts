import { ipx } from "@prewarm/legacy-urls/ipx";
import { netlify } from "@prewarm/legacy-urls/netlify";
import { next } from "@prewarm/legacy-urls/next";
import { wordpress } from "@prewarm/legacy-urls/wordpress";
import type { Config } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";

/** What an image service's address stands for where `legacy` of the configuration reads it. */
export interface OldAddress {
  /** As `legacy` names it, such as `next`. */
  service: string;
  /** The original of the picture. */
  original: URL;
  /** Whether the edge takes the address itself for the original, where there is none at `original`. */
  maybeItself: boolean;
  /** The canonical query of the variant that the edge shows for it. */
  query: string;
}

export type ReadOldAddress = (url: URL) => OldAddress | null;

/**
 * The services that answer on a site's own host, so that a route can lead their addresses to the edge, and what stands before the name of an
 * original in its path. Cloudinary, imgix and others need a host of the site's that nobody can guess from a page.
 */
const SERVICES = [
  { service: next(), folder: "/" },
  { service: ipx(), folder: "/" },
  { service: netlify(), folder: "/" },
  { service: wordpress(), folder: "/wp-content/uploads/" },
];

/** Reads addresses as the edge does by `legacy`. What it would refuse, or show as another site's, stays as it is: null. */
export function createOldAddresses(config: Config): ReadOldAddress {
  // An address may stand for an original of the site only.
  const site: Config = { ...config, sources: [] };
  return (url) => {
    for (const { service, folder } of SERVICES) {
      const reading = service.read(url, site);
      if (reading === null || reading.exactness === "refused") continue;
      const original = URL.parse(`${folder}${formatId(reading.id)}`, url);
      if (original === null) continue;
      const { query, literal } = reading;
      return { service: service.name, original, maybeItself: literal !== undefined, query };
    }
    return null;
  };
}
