import { askedAt } from "./hiding-query.ts";
import { decoded, idOfAddress } from "./image-of.ts";
import { createService, type LegacyService, type ServiceOptions } from "./service.ts";
import { takeParameters, type Vocabulary } from "./vocabulary.ts";

interface IpxOptions extends ServiceOptions {
  /** Where ipx answered. Default `/_ipx/`. */
  path?: string;
}

const VOCABULARY: Vocabulary = {
  roles: {
    w: "width",
    width: "width",
    h: "height",
    height: "height",
    s: "size",
    resize: "size",
    q: "quality",
    quality: "quality",
    f: "format",
    format: "format",
    fit: "fit",
    pos: "position",
    position: "position",
    blur: "hiding",
    median: "hiding",
    kernel: "harmless",
    enlarge: "harmless",
    animated: "harmless",
    a: "harmless",
    _: "harmless",
  },
  fits: { cover: "cover", contain: "contain", fill: "fill", inside: "inside", outside: "inside" },
  nearFits: ["outside"],
  fit: "cover",
  format: null,
};

/** ipx, the optimiser of @nuxt/image: `/_ipx/w_300,f_webp/a.jpg`, `/_ipx/_/a.jpg`. Remote addresses are those of `sources` and `hosts`. */
export function ipx(options: IpxOptions = {}): LegacyService {
  const { path = "/_ipx/", hosts = [] } = options;
  return createService(
    {
      name: "ipx",
      parse(url, config) {
        const rest = url.pathname.startsWith(path) ? url.pathname.slice(path.length) : "";
        const end = rest.indexOf("/");
        const address = decoded(rest.slice(end + 1)).replace(/^(https?:)\/{1,2}/, "$1//");
        const isRemote = /^https?:/.test(address);
        const place = isRemote ? address : rest.slice(end + 1);
        const asked = end < 1 ? null : askedAt(idOfAddress(place, [url.host, ...hosts], config), place + url.search);
        if (asked === null) return null;
        takeParameters(asked, decoded(rest.slice(0, end)).split(/[,&]/).map(pairOf), VOCABULARY);
        return asked;
      },
    },
    options,
  );
}

/** `w_300`, and a switch without a value. */
function pairOf(modifier: string): [name: string, value: string] {
  const at = modifier.indexOf("_");
  return at < 1 ? [modifier, ""] : [modifier.slice(0, at), modifier.slice(at + 1)];
}
