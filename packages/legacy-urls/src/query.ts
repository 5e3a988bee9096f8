import { isNoise } from "@prewarm/shared/noise";
import { newAsked } from "./asked.ts";
import { hides } from "./hiding-query.ts";
import { decoded, idOfAddress } from "./image-of.ts";
import { createService, type LegacyService, type ServiceOptions } from "./service.ts";
import { takeParameters, type Vocabulary } from "./vocabulary.ts";

/*
 * Services that stand before a site's own pictures and read sizes from the query: one grammar, in their names. Every path of their hosts is an
 * image, as with imgix; of Shopify every path under `/cdn/shop/`.
 */

interface HostOptions extends ServiceOptions {
  /** The hosts that the service answered on. Every path of theirs is an image, so the edge's own routes need another host. */
  hosts: readonly string[];
}

type Pairs = (readonly [name: string, value: string])[];

/** How a service writes its URLs, beside the query. */
interface QueryService extends Vocabulary {
  name: string;
  /** Takes sizes from the path. Null: it is no path of the service. Default: the path is the image. */
  ofPath?(path: string): { image: string; literal?: string; pairs: Pairs } | null;
  /** The parameters that one of the query stands for. Default: itself. */
  ofQuery?(name: string, value: string): Pairs;
}

function query({ name, ofPath, ofQuery, ...vocabulary }: QueryService, options: ServiceOptions): LegacyService {
  return createService(
    {
      name,
      parse(url, config) {
        const found = ofPath === undefined ? { image: url.pathname.slice(1), pairs: [] } : ofPath(url.pathname);
        if (found === null) return null;
        const idOf = (image: string) => idOfAddress(image, options.hosts ?? [], config);
        const id = idOf(found.image);
        if (id === null) return null;
        const asked = { ...newAsked(id), literal: found.literal === undefined ? null : idOf(found.literal) };
        const given = [...url.searchParams].filter(
          ([key, value]) => Object.hasOwn(vocabulary.roles, key) || hides(key, value) || !isNoise(key, config.noise),
        );
        const pairs = given.flatMap(([key, value]) => ofQuery?.(key, value) ?? [[key, value] as const]);
        takeParameters(asked, [...found.pairs, ...pairs], vocabulary);
        return asked;
      },
    },
    options,
  );
}

/** What they call alike. */
const COMMON = { width: "width", height: "height", quality: "quality", format: "format", v: "harmless" } as const;

/** Bunny Optimizer: `https://img.example.com/a.jpg?width=400&aspect_ratio=16:9`, and its image classes (`class=thumb`), which are presets. */
export function bunny(options: HostOptions): LegacyService {
  return query(
    {
      name: "bunny",
      fit: "inside",
      format: "auto",
      roles: {
        ...COMMON,
        aspect_ratio: "ratio",
        crop: "crop",
        crop_gravity: "harmless",
        class: "preset",
        auto_optimize: "harmless",
        upscaling: "harmless",
        pixelate: "hiding",
        token: "harmless",
        token_path: "harmless",
        expires: "harmless",
      },
    },
    options,
  );
}

/** Fastly's Image Optimizer: `https://img.example.com/a.jpg?width=400&height=300&fit=crop&auto=webp`. */
export function fastly(options: HostOptions): LegacyService {
  return query(
    {
      name: "fastly",
      fit: "inside",
      format: null,
      roles: {
        ...COMMON,
        dpr: "density",
        fit: "fit",
        crop: "crop",
        auto: "negotiated",
        overlay: "hiding",
        disable: "harmless",
        metadata: "harmless",
        "resize-filter": "harmless",
        profile: "harmless",
        level: "harmless",
        region: "harmless",
        enable: "harmless",
      },
      fits: { bounds: "inside", cover: "inside", crop: "cover" },
      nearFits: ["cover"],
    },
    options,
  );
}

/** KeyCDN: `https://img.example.com/a.jpg?width=400&height=300&fit=cover`. */
export function keycdn(options: HostOptions): LegacyService {
  return query(
    {
      name: "keycdn",
      fit: "cover",
      format: null,
      roles: {
        ...COMMON,
        fit: "fit",
        crop: "crop",
        position: "position",
        enlarge: "harmless",
        progressive: "harmless",
        metadata: "harmless",
        token: "harmless",
        expire: "harmless",
      },
      fits: { cover: "cover", contain: "contain", fill: "fill", inside: "inside", outside: "inside" },
      nearFits: ["outside"],
    },
    options,
  );
}

/** Shopify: `/cdn/shop/files/a.jpg?width=400&crop=center`, and the older names `a_400x300_crop_top@2x.jpg`. The id is what follows `/cdn/shop/`. */
export function shopify(options: ServiceOptions = {}): LegacyService {
  return query(
    {
      name: "shopify",
      fit: "inside",
      format: "auto",
      roles: { ...COMMON, size: "size", crop: "crop", scale: "density" },
      ofPath: shopifyPath,
    },
    options,
  );
}

/** In px (shopify.dev/docs/api/liquid/filters/img_url). */
const SHOPIFY_SIZES: Readonly<Record<string, string>> = {
  pico: "16x16",
  icon: "32x32",
  thumb: "50x50",
  small: "100x100",
  compact: "160x160",
  medium: "240x240",
  large: "480x480",
  grande: "600x600",
  original: "1024x1024",
  master: "1024x1024",
};
const SHOPIFY_NAME =
  /_(\d{1,4}x\d{0,4}|x\d{1,4}|pico|icon|thumb|small|compact|medium|large|grande|original|master)(?:_crop_([a-z]{3,6}))?(?:@([23])x)?(?:\.progressive)?(\.[a-z]{3,4})$/;

function shopifyPath(path: string) {
  const head = "/cdn/shop/";
  if (!path.startsWith(head)) return null;
  const literal = path.slice(head.length);
  const [whole, size, crop, scale, extension] = SHOPIFY_NAME.exec(literal) ?? [];
  if (whole === undefined || size === undefined) return { image: literal, pairs: [] };
  const pairs: Pairs = [["size", SHOPIFY_SIZES[size] ?? size]];
  if (crop !== undefined) pairs.push(["crop", crop]);
  if (scale !== undefined) pairs.push(["scale", scale]);
  return { image: literal.slice(0, -whole.length) + extension, literal, pairs };
}

const IMAGEKIT_ROLES = {
  w: "width",
  h: "height",
  ar: "ratio",
  q: "quality",
  f: "format",
  c: "fit",
  cm: "fit",
  fo: "position",
  dpr: "density",
  n: "preset",
  tr: "harmless",
  pr: "harmless",
  lo: "harmless",
  cp: "harmless",
  md: "harmless",
  di: "harmless",
  "ik-s": "harmless",
  "ik-t": "harmless",
  "ik-sdk-version": "harmless",
  updatedAt: "harmless",
  v: "harmless",
  bl: "hiding",
  o: "hiding",
  l: "hiding",
  oi: "hiding",
  ot: "hiding",
  effect: "hiding",
} as const;

/** ImageKit: `https://img.example.com/a.jpg?tr=w-300,h-200:q-80`, and the same in the path, `/tr:w-300,h-200/a.jpg`. */
export function imagekit(options: HostOptions): LegacyService {
  return query(
    {
      name: "imagekit",
      fit: "cover",
      format: "auto",
      roles: IMAGEKIT_ROLES,
      fits: {
        maintain_ratio: "cover",
        force: "fill",
        at_max: "inside",
        at_max_enlarge: "inside",
        at_least: "inside",
        pad_resize: "contain",
      },
      nearFits: ["at_least"],
      ofPath(path) {
        const segments = path.slice(1).split("/");
        const at = segments.findIndex((segment) => segment.startsWith("tr:"));
        const [steps = ""] = at === -1 ? [] : segments.splice(at, 1);
        return { image: segments.join("/"), pairs: imagekitPairs(steps.slice("tr:".length)) };
      },
      ofQuery: (name, value) => (name === "tr" ? imagekitPairs(value) : [[name, value]]),
    },
    options,
  );
}

/** Effects without which the picture shows no more than with them; every other may hide. */
const COSMETIC = new Set(["contrast", "sharpen", "usm", "grayscale", "upscale", "retouch", "shadow"]);

/** `w-300,h-200:q-80`: steps, each of which works on what the one before it made. A layer (`l-…` up to `l-end`) has parameters of its own. */
function imagekitPairs(text: string): Pairs {
  const pairs: Pairs = [];
  let layers = 0;
  let box: Sides = { w: 0, h: 0 };
  for (const step of text === "" ? [] : decoded(text).split(":")) {
    const sides: Sides = { w: 0, h: 0 };
    for (const part of step.split(",")) {
      const [key = "", value = ""] = splitOnce(part, "-");
      const isPicture = layers === 0;
      if (key === "l") layers += value === "end" ? -1 : 1;
      const isEffect = key === "e" && !COSMETIC.has(value.split("-", 1)[0] ?? "");
      if (isPicture) pairs.push([isEffect ? "effect" : key, value]);
      if (isPicture && (key === "w" || key === "h")) sides[key] = Number(value) || 0;
    }
    const scaled = scale(box, sides);
    for (const key of ["w", "h"] as const)
      if (sides[key] === 0 && scaled[key] > 0) pairs.push([key, scaled[key].toFixed(3)]);
    box = scaled;
  }
  return pairs;
}

/** In px; 0: the step has no such side. */
interface Sides {
  w: number;
  h: number;
}

/** The box after a step. One with one side scales the box of the steps before it. */
function scale(box: Sides, { w, h }: Sides): Sides {
  if (w > 0 && h === 0 && box.w > 0) return { w, h: (box.h * w) / box.w };
  if (h > 0 && w === 0 && box.h > 0) return { w: (box.w * h) / box.h, h };
  return w > 0 || h > 0 ? { w, h } : box;
}

function splitOnce(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + sign.length)];
}
