import { cloudflareImages } from "@prewarm/legacy-urls/cloudflare";
import { cloudinary } from "@prewarm/legacy-urls/cloudinary";
import { imgix } from "@prewarm/legacy-urls/imgix";
import { ipx } from "@prewarm/legacy-urls/ipx";
import { netlify } from "@prewarm/legacy-urls/netlify";
import { next } from "@prewarm/legacy-urls/next";
import { bunny, fastly, imagekit, keycdn, shopify } from "@prewarm/legacy-urls/query";
import type { LegacyService } from "@prewarm/legacy-urls/service";
import { wordpress } from "@prewarm/legacy-urls/wordpress";
import type { Config } from "@prewarm/shared/config";

/** The host of addresses that a log writes from the path on, where the service names none. */
const NO_HOST = "old.invalid";

const MADE: Record<string, (host: string | null, account: string | null) => LegacyService> = {
  cloudinary: () => cloudinary(),
  imgix: (host) => imgix({ hosts: [host ?? NO_HOST] }),
  cloudflare: (_, account) => cloudflareImages(account === null ? {} : { account }),
  netlify: (host) => netlify(host === null ? {} : { hosts: [host] }),
  next: (host) => next(host === null ? {} : { hosts: [host] }),
  ipx: (host) => ipx(host === null ? {} : { hosts: [host] }),
  wordpress: (host) => wordpress(host === null ? {} : { hosts: [host] }),
  imagekit: (host) => imagekit({ hosts: [host ?? NO_HOST] }),
  bunny: (host) => bunny({ hosts: [host ?? NO_HOST] }),
  fastly: (host) => fastly({ hosts: [host ?? NO_HOST] }),
  keycdn: (host) => keycdn({ hosts: [host ?? NO_HOST] }),
  shopify: (host) => shopify(host === null ? {} : { hosts: [host] }),
};

export const SERVICES: readonly string[] = Object.keys(MADE);

/** Reads addresses of a log as one service's old URLs. */
export interface LogReader {
  service: LegacyService;
  /** Null: it is no address. */
  urlOf(address: string): URL | null;
}

/** The service as the configuration has it, else one that reads any host: the log comes before the configuration is written. */
export function logReaderFor(name: string, config: Config, host: string | null, account: string | null): LogReader {
  const configured = config.legacy.find((service) => service.name === name);
  const service = configured ?? MADE[name]?.(host, account) ?? cloudinary();
  const home = `https://${host ?? service.hosts[0] ?? NO_HOST}`;
  return {
    service,
    // A service that needs hosts, without a configuration: whatever host the log has is the service's.
    urlOf: (address) => {
      const url = URL.parse(address, home);
      return url !== null && configured === undefined && service.hosts.length > 0
        ? URL.parse(url.pathname + url.search, home)
        : url;
    },
  };
}
