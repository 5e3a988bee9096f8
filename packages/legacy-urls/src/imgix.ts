import { type Config, POSITIONS } from "@prewarm/shared/config";
import { isNoise } from "@prewarm/shared/noise";
import {
  type Asked,
  approximate,
  hide,
  multiply,
  readDensity,
  readShape,
  readSize,
  takeFormat,
  takeQuality,
  unsupported,
} from "./asked.ts";
import { askedAt, hides, plain } from "./hiding-query.ts";
import { decoded, idOfAddress, idOfPath } from "./image-of.ts";
import { md5 } from "./md5.ts";
import { createService, isSameText, type LegacyService, type SigningOptions, type Verdict } from "./service.ts";

interface ImgixOptions extends SigningOptions {
  /** The hosts that imgix answered on. Every path of theirs is an image, so the edge's own routes need another host. */
  hosts: readonly string[];
}

/** imgix: `https://img.example.com/a.jpg?w=400&auto=format`, signed by `s`, which its source's token makes. */
export function imgix(options: ImgixOptions): LegacyService {
  return createService(
    {
      name: "imgix",
      parse(url, config) {
        const asked = imageOf(url, options.hosts, config);
        if (asked === null) return null;
        const given = new Map<string, string>();
        for (const [name, value] of [...url.searchParams].map(plain))
          if (hides(name, value)) hide(asked, name);
          else if (!isNoise(name, config.noise)) given.set(name, value);
        for (const [name, value] of given) if (!Object.hasOwn(SIZES, name)) take(asked, name, value, given);
        takeSizes(asked, given);
        return asked;
      },
      judge,
    },
    options,
  );
}

/** A path of the site's own source, or a whole address, percent-encoded, of a web proxy source. */
function imageOf(url: URL, hosts: readonly string[], config: Config): Asked | null {
  const path = url.pathname.slice(1);
  const address = decoded(path);
  return /^https?%3A/i.test(path) ? askedAt(idOfAddress(address, hosts, config), address) : askedAt(idOfPath(path), "");
}

const FITS: Readonly<Record<string, Asked["fit"]>> = {
  clip: "inside",
  max: "inside",
  crop: "cover",
  min: "cover",
  facearea: "cover",
  scale: "fill",
  fill: "contain",
  fillmax: "contain",
  clamp: "contain",
};
/** Fits whose counterpart is only near: they may stay smaller, look for faces, or fill in another way. */
const NEAR_FITS = ["min", "facearea", "fillmax", "clamp"];

/** What the size is made of, read together. */
const SIZES = { w: 1, h: 1, ar: 1, dpr: 1, "max-w": 1, "max-h": 1, "min-w": 1, "min-h": 1 };

function takeSizes(asked: Asked, given: ReadonlyMap<string, string>): void {
  const size = (name: string): number | null => {
    const text = given.get(name);
    return text === undefined ? null : readSize(asked, name, text);
  };
  // Bounds belong to a crop, and a ratio to a crop or a frame; imgix passes over both elsewhere.
  const isBounded = given.get("fit") === "crop";
  asked.width = isBounded ? bounded(size("w"), size("min-w"), size("max-w")) : size("w");
  asked.height = isBounded ? bounded(size("h"), size("min-h"), size("max-h")) : size("h");
  const isShaped = asked.fit === "cover" || asked.fit === "contain";
  const shape = isShaped ? readShape(given.get("ar") ?? "") : null;
  if (shape !== null && asked.width !== null) asked.height ??= asked.width / shape;
  else if (shape !== null && asked.height !== null) asked.width = asked.height * shape;
  else if (isShaped && given.has("ar")) unsupported(asked, "ar");
  multiply(asked, readDensity(asked, given.get("dpr") ?? "1"));
}

function bounded(size: number | null, least: number | null, most: number | null): number | null {
  if (size === null) return most;
  return Math.min(Math.max(size, least ?? size), most ?? Number.POSITIVE_INFINITY);
}

function take(asked: Asked, name: string, value: string, given: ReadonlyMap<string, string>): void {
  if (isHarmless(name, value)) return;
  if (name === "fit" && Object.hasOwn(FITS, value)) {
    asked.fit = FITS[value] ?? "inside";
    if (NEAR_FITS.includes(value)) approximate(asked, `fit=${value}`);
  } else if (name === "crop") takeCrop(asked, value, given.get("fit"));
  else if (name === "auto") takeAuto(asked, value, given);
  else if (name === "fm") takeFormat(asked, name, value);
  else if (name === "q") takeQuality(asked, name, value);
  else if (/^(fp-[xyz]|faceindex|facepad)$/.test(name)) approximate(asked, name);
  else unsupported(asked, name.slice(0, 32));
}

/** What changes no pixel here: the library's name, the signature, an effect that is off, and colours as browsers expect them. */
function isHarmless(name: string, value: string): boolean {
  if (/^(ixlib|ixid|s|expires|ch|chromasub|dpi|blur|px|htn|bg-remove)$/.test(name)) return true;
  return (name === "cs" && /^(srgb|strip|tinysrgb)$/.test(value)) || (name === "iptc" && value === "block");
}

/** Where a crop is placed; it matters beside `fit=crop` only. A corner is its upper or lower half: a crop cuts one axis. */
function takeCrop(asked: Asked, value: string, fit: string | undefined): void {
  if (fit !== "crop" && fit !== "min") return;
  const [first, ...more] = value.split(",");
  asked.pos = POSITIONS.find((position) => position === first) ?? null;
  if (asked.pos === null || more.length > 0) approximate(asked, `crop=${value.slice(0, 32)}`);
}

/** `format` gives way to an `fm` of its own, and `compress` lowers a quality that is not named; ours is that low already. */
function takeAuto(asked: Asked, value: string, given: ReadonlyMap<string, string>): void {
  for (const word of new Set(value.split(","))) {
    if (word === "format") {
      if (!given.has("fm")) asked.format = "auto";
    } else if (word !== "compress" && word !== "true") unsupported(asked, `auto=${word.slice(0, 16)}`);
  }
}

/** MD5 of the token, the path and the query before `s`, each as it stands in the URL. `expires` ends it, in Unix seconds. */
function judge(url: URL, tokens: readonly string[]): Verdict {
  const [given, ...more] = url.searchParams.getAll("s");
  if (given === undefined) return "absent";
  const parts = url.search.slice(1).split("&");
  const query = parts.filter((part) => !part.startsWith("s=")).join("&");
  const text = `${url.pathname}${query === "" ? "" : `?${query}`}`;
  const isRight = tokens.filter((token) => isSameText(md5(token + text), given)).length > 0;
  const ends = url.searchParams.getAll("expires");
  if (!isRight || more.length > 0 || ends.length > 1 || ends.some((end) => !/^\d{1,12}$/.test(end))) return "bad";
  return { expires: ends[0] === undefined ? null : Number(ends[0]) };
}
