import { isNoise } from "@prewarm/shared/noise";
import { readSize, takeQuality, unsupported } from "./asked.ts";
import { askedAt } from "./hiding-query.ts";
import { idOfAddress } from "./image-of.ts";
import { createService, type LegacyService, type ServiceOptions } from "./service.ts";

interface NextOptions extends ServiceOptions {
  /** The path of next's optimiser, with the site's `basePath`. Default `/_next/image`. */
  path?: string;
}

/** next/image's own optimiser: `/_next/image?url=%2Fa.jpg&w=828&q=75`. Remote addresses are those of `sources` and `hosts`. */
export function next(options: NextOptions = {}): LegacyService {
  const { path = "/_next/image", hosts = [] } = options;
  return createService(
    {
      name: "next",
      parse(url, config) {
        const address = url.searchParams.get("url");
        if (address === null || (url.pathname !== path && url.pathname !== `${path}/`)) return null;
        const asked = askedAt(idOfAddress(address, [url.host, ...hosts], config), address);
        if (asked === null) return null;
        asked.format = "auto";
        for (const [name, value] of url.searchParams) {
          if (name === "url" || isNoise(name, config.noise)) continue;
          if (name === "w") asked.width = readSize(asked, name, value);
          else if (name === "q") takeQuality(asked, name, value);
          else unsupported(asked, name.slice(0, 32));
        }
        return asked;
      },
    },
    options,
  );
}
