import { POSITIONS } from "@prewarm/shared/config";
import { isNoise } from "@prewarm/shared/noise";
import { type Asked, readSize, takeFormat, takeQuality, unsupported } from "./asked.ts";
import { askedAt } from "./hiding-query.ts";
import { idOfAddress } from "./image-of.ts";
import { createService, type LegacyService, type ServiceOptions } from "./service.ts";

const FITS: Readonly<Record<string, Asked["fit"]>> = { contain: "inside", cover: "cover", fill: "fill" };

/** Netlify's image CDN: `/.netlify/images?url=/a.jpg&w=400`. Remote addresses are those of `sources` and `hosts`. */
export function netlify(options: ServiceOptions = {}): LegacyService {
  return createService(
    {
      name: "netlify",
      parse(url, config) {
        const address = url.searchParams.get("url");
        if (url.pathname !== "/.netlify/images" || address === null) return null;
        const asked = askedAt(idOfAddress(address, [url.host, ...(options.hosts ?? [])], config), address);
        if (asked === null) return null;
        // Netlify negotiates the format unless `fm` names one.
        asked.format = "auto";
        for (const [name, value] of url.searchParams) if (!isNoise(name, config.noise)) take(asked, name, value);
        return asked;
      },
    },
    options,
  );
}

function take(asked: Asked, name: string, value: string): void {
  const pos = POSITIONS.find((position) => position === value);
  if (name === "url") return;
  if (name === "w") asked.width = readSize(asked, name, value);
  else if (name === "h") asked.height = readSize(asked, name, value);
  else if (name === "fm") takeFormat(asked, name, value);
  else if (name === "q") takeQuality(asked, name, value);
  else if (name === "fit" && Object.hasOwn(FITS, value)) asked.fit = FITS[value] ?? "inside";
  else if (name === "position" && pos !== undefined) asked.pos = pos;
  else if (name !== "position" || value !== "center") unsupported(asked, name.slice(0, 32));
}
