import { type Config, POSITIONS, type Quality } from "@prewarm/shared/config";
import {
  type Asked,
  approximate,
  hide,
  multiply,
  newAsked,
  readDensity,
  readSize,
  takeFormat,
  takeQuality,
  unsupported,
} from "./asked.ts";
import { askedAt } from "./hiding-query.ts";
import { decoded, idOfAddress, idOfPath } from "./image-of.ts";
import { createService, isSameText, type LegacyService, type SigningOptions, type Verdict } from "./service.ts";

interface CloudflareOptions extends SigningOptions {
  /** The account's hash in delivery URLs: `/<hash>/<image id>/<variant>`. Default: only `/cdn-cgi/image/…` is read. */
  account?: string;
  /** What stands before the options. Default `/cdn-cgi/image/`. */
  path?: string;
}

/** Cloudflare Images: `/cdn-cgi/image/width=400,format=auto/a.jpg`, and delivery URLs with a variant's name or options, signed by `sig`. */
export function cloudflareImages(options: CloudflareOptions = {}): LegacyService {
  const { account, path = "/cdn-cgi/image/" } = options;
  return createService(
    {
      name: "cloudflare",
      parse: (url, config) =>
        url.pathname.startsWith(path)
          ? parseTransformed(url, path, options.hosts ?? [], config)
          : parseDelivered(url, account),
      judge,
    },
    options,
  );
}

/** `<options>/<path, or address of a remote image>`. */
function parseTransformed(url: URL, path: string, hosts: readonly string[], config: Config): Asked | null {
  const rest = url.pathname.slice(path.length);
  const end = rest.indexOf("/");
  const address = rest.slice(end + 1);
  const isRemote = /^https?:/i.test(address);
  const id = end < 1 ? null : isRemote ? idOfAddress(address, [url.host, ...hosts], config) : idOfPath(address);
  const asked = askedAt(id, address + url.search);
  if (asked === null) return null;
  takeOptions(asked, rest.slice(0, end));
  return asked;
}

/** `/<account>/<image id>/<variant>`, on Cloudflare's host or, behind `/cdn-cgi/imagedelivery/`, on the site's. */
function parseDelivered({ pathname }: URL, account: string | undefined): Asked | null {
  const path = pathname.startsWith("/cdn-cgi/imagedelivery/")
    ? pathname.slice("/cdn-cgi/imagedelivery".length)
    : pathname;
  const head = `/${account}/`;
  const end = path.lastIndexOf("/");
  if (account === undefined || !path.startsWith(head) || end <= head.length) return null;
  const id = idOfPath(path.slice(head.length, end));
  if (id === null) return null;
  const asked: Asked = { ...newAsked(id), format: "auto" };
  const variant = decoded(path.slice(end + 1));
  // Flexible variants are options; every other name was given by the owner, and means what the owner wrote there.
  if (variant.includes("=")) takeOptions(asked, variant);
  else asked.preset = variant;
  return asked;
}

const LONG: Readonly<Record<string, string>> = {
  w: "width",
  h: "height",
  q: "quality",
  f: "format",
  g: "gravity",
  scq: "slow-connection-quality",
};
const FITS: Readonly<Record<string, Asked["fit"]>> = {
  "scale-down": "inside",
  contain: "inside",
  cover: "cover",
  crop: "cover",
  pad: "contain",
  squeeze: "fill",
};
const QUALITIES: Readonly<Record<string, Quality>> = {
  high: "very_high",
  "medium-high": "high",
  "medium-low": "medium",
  low: "low",
};
/** Options that ask for what is done anyway. */
const HARMLESS = new Set(
  (
    "onerror=redirect metadata=none metadata=copyright anim=true anim=false rotate=0 trim=0 trim=0;0;0;0 " +
    "compression=fast sharpen=0 blur=0 brightness=1 contrast=1 gamma=1 saturation=1"
  ).split(" "),
);

function takeOptions(asked: Asked, text: string): void {
  let density = 1;
  for (const option of decoded(text).split(",")) {
    const [short = "", value = ""] = option.trim().split("=");
    const name = Object.hasOwn(LONG, short) ? (LONG[short] ?? short) : short;
    if (name === "width") asked.width = readSize(asked, name, value);
    else if (name === "height") asked.height = readSize(asked, name, value);
    else if (name === "dpr") density = readDensity(asked, value);
    else take(asked, name, value);
  }
  multiply(asked, density);
}

function take(asked: Asked, name: string, value: string): void {
  // A slow connection gets a stand-in on a miss, not another quality.
  if (HARMLESS.has(`${name}=${value}`) || name === "slow-connection-quality") return;
  if (name === "fit" && Object.hasOwn(FITS, value)) {
    asked.fit = FITS[value] ?? "inside";
    // `crop` enlarges nothing, and keeps a picture that is smaller than the box as it is; so do we.
  } else if (name === "quality" && Object.hasOwn(QUALITIES, value)) asked.quality = QUALITIES[value] ?? null;
  else if (name === "quality") takeQuality(asked, name, value);
  else if (name === "format") takeFormat(asked, name, value);
  else if (name === "gravity") takeGravity(asked, value);
  // `blur`, what lies on the picture, and what is cut out of it.
  else if (/^(blur|draw|segment)\b/.test(name)) hide(asked, name.slice(0, 32));
  else unsupported(asked, name.slice(0, 32));
}

function takeGravity(asked: Asked, value: string): void {
  asked.pos = POSITIONS.find((position) => position === value) ?? null;
  if (asked.pos === null && value !== "center" && value !== "0.5x0.5")
    approximate(asked, `gravity=${value.slice(0, 16)}`);
}

/** HMAC-SHA256 of the path with its `exp`, in hex, as `sig`. `exp` ends it, in Unix seconds. */
async function judge(url: URL, keys: readonly string[]): Promise<Verdict> {
  const [given, ...more] = url.searchParams.getAll("sig");
  if (given === undefined) return "absent";
  const query = new URLSearchParams(url.search);
  query.delete("sig");
  const text = `${url.pathname}${query.size === 0 ? "" : `?${query}`}`;
  const verdicts = await Promise.all(keys.map(async (key) => isSameText(await hmac(key, text), given)));
  const ends = query.getAll("exp");
  const isSound = more.length === 0 && ends.length < 2 && ends.every((end) => /^\d{1,12}$/.test(end));
  if (!isSound || !verdicts.includes(true)) return "bad";
  return { expires: ends[0] === undefined ? null : Number(ends[0]) };
}

async function hmac(key: string, text: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", new TextEncoder().encode(key), algorithm, false, ["sign"]);
  const made = new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
  return [...made].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
