import type { Position } from "@prewarm/shared/config";
import {
  type Asked,
  approximate,
  hide,
  multiply,
  readDensity,
  readShape,
  readSize,
  takeFormat,
  takeName,
  takeQuality,
  unsupported,
} from "./asked.ts";
import { decoded } from "./image-of.ts";

/** Every parameter of Cloudinary's transformations, so that a folder named `my_photos` is none. */
const KEYS = new Set(
  (
    "a ac af ar b bl bo br c co cs d dl dn dpr du e eo f fl fn fps g h if ki l o p pg q r so sp " + "t u vc vs w x y z"
  ).split(" "),
);

/** A component that lays something on the picture or under it. */
const LAYER = /(^|,)[lu]_/;

/** Whether a segment of the path is a component of the transformation: `w_400,c_fill`, `$size_200`. */
export function isComponent(segment: string): boolean {
  return segment.split(",").every((part) => part.startsWith("$") || (part.includes("_") && KEYS.has(keyOf(part))));
}

function keyOf(part: string): string {
  return part.split("_", 1)[0] ?? "";
}

/**
 * Reads a transformation, component by component: each works on what the one before it made. What lies on the picture (`l_…` up to its
 * `fl_layer_apply`) has sizes of its own, which are not the picture's.
 */
export function takeComponents(asked: Asked, written: readonly string[]): void {
  const components = written.flatMap(partsOf);
  let density = 1;
  for (let at = 0; at < components.length; at += 1) {
    const pairs = pairsOf(components[at] ?? "");
    const parameters = new Map(pairs);
    const layer = parameters.has("l") ? "l" : parameters.has("u") ? "u" : null;
    if (layer !== null) {
      hide(asked, layer);
      at = endOfLayer(components, at);
      continue;
    }
    takeSize(asked, parameters);
    // Not of the map: a second effect hides no first one.
    for (const [key, value] of pairs) if (!SIZE_KEYS.includes(key)) take(asked, key, value);
    density *= readDensity(asked, parameters.get("dpr") ?? "1");
  }
  multiply(asked, density);
}

/** An encoded comma or slash parts a component as a plain one does, but for the text of a layer. */
function partsOf(component: string): string[] {
  return LAYER.test(component) ? [component] : decoded(component).split("/");
}

function pairsOf(component: string): [key: string, value: string][] {
  return component.split(",").map((part) => {
    const key = part.startsWith("$") ? "$" : keyOf(part);
    return [key, part.slice(key.length + 1)];
  });
}

/** The component that puts the layer on the picture; the layer's own one in the older form, which has no other. */
function endOfLayer(components: readonly string[], start: number): number {
  for (let at = start + 1; at < components.length; at += 1) {
    const component = components[at] ?? "";
    if (LAYER.test(component)) return start;
    if (/(^|,)fl_[a-z_.]{0,64}layer_apply/.test(component)) return at;
  }
  return start;
}

const SIZE_KEYS = ["w", "h", "ar", "c", "dpr"];

const FITS: Readonly<Record<string, Asked["fit"]>> = {
  scale: "fill",
  fit: "inside",
  limit: "inside",
  mfit: "inside",
  fill: "cover",
  lfill: "cover",
  fill_pad: "cover",
  thumb: "cover",
  auto: "cover",
  crop: "cover",
  imagga_crop: "cover",
  imagga_scale: "cover",
  pad: "contain",
  lpad: "contain",
  mpad: "contain",
  auto_pad: "contain",
};
/** Modes whose counterpart is only near: they choose a part of the picture, or what fills the rest. */
const NEAR_MODES = ["fill_pad", "thumb", "auto", "crop", "imagga_crop", "imagga_scale", "auto_pad"];

function takeSize(asked: Asked, parameters: ReadonlyMap<string, string>): void {
  const mode = parameters.get("c") ?? "scale";
  const given = { width: side(asked, "w", parameters), height: side(asked, "h", parameters) };
  const shape = readShape(parameters.get("ar") ?? "");
  if (parameters.has("c") && NEAR_MODES.includes(mode)) approximate(asked, `c_${mode}`);
  else if (!Object.hasOwn(FITS, mode)) unsupported(asked, `c_${mode.slice(0, 24)}`);
  if (shape !== null && given.width !== null) given.height ??= given.width / shape;
  else if (shape !== null && given.height !== null) given.width = given.height * shape;
  else if (parameters.has("ar")) unsupported(asked, "ar");
  const { width, height } = given;
  if (width !== null && height !== null)
    Object.assign(asked, { width, height, fit: FITS[mode] ?? "inside", pos: null });
  else if (asked.width !== null && asked.height !== null) scale(asked, width, height);
  else if (width !== null) asked.width = width;
  else if (height !== null) asked.height = height;
}

/** A later component with one side scales the box that an earlier one made. */
function scale(asked: Asked, width: number | null, height: number | null): void {
  if (width !== null) multiply(asked, width / (asked.width ?? width));
  else if (height !== null) multiply(asked, height / (asked.height ?? height));
}

/** A side in px: `w_400`, a share of what an earlier component made (`w_0.5`), or the fallback of `w_auto:100:400`. */
function side(asked: Asked, key: "w" | "h", parameters: ReadonlyMap<string, string>): number | null {
  const text = parameters.get(key);
  if (text === undefined) return null;
  const before = key === "w" ? asked.width : asked.height;
  if (/^[01]?\.\d{1,9}$/.test(text) && before !== null) return before * Number(text);
  const fallback = /^auto:.{0,32}:(\d{1,6})$/.exec(text)?.[1];
  if (fallback === undefined) return readSize(asked, key, text);
  approximate(asked, `${key}_auto`);
  return Number(fallback);
}

const GRAVITY: Readonly<Record<string, Position | null>> = {
  center: null,
  north: "top",
  south: "bottom",
  west: "left",
  east: "right",
};
/** Flags that change nothing here: variants are small, without metadata, and transparent where their original is. */
const HARMLESS_FLAGS = new Set(
  (
    "progressive progressive:steep progressive:semi progressive:none immutable_cache any_format strip_profile " +
    "force_strip lossy preserve_transparency no_overflow apng awebp png8 relative layer_apply force_icc original"
  ).split(" "),
);

function take(asked: Asked, key: string, value: string): void {
  if (isHarmless(key, value)) return;
  if (key === "f") takeFormat(asked, "f", value === "auto:image" ? "auto" : value);
  else if (key === "q") takeNamedQuality(asked, value);
  else if (key === "g") takeGravity(asked, value);
  else if (key === "t") takeName(asked, value);
  else if (key === "e") takeEffect(asked, value.split(":", 1)[0] ?? "");
  // Transparency, a program of the owner's, and data in the picture's place.
  else if (key === "o" || key === "fn" || (key === "fl" && value.includes("getinfo"))) hide(asked, key);
  else unsupported(asked, key);
}

/** Effects without which the picture shows no more than with them. */
const COSMETIC = new Set(
  (
    "adv_redeye art assist_colorblind auto_brightness auto_color auto_contrast blackwhite brightness brightness_hsb " +
    "contrast dropshadow enhance fill_light gamma gen_restore grayscale green blue red hue improve negate " +
    "outline recolor redeye replace_color saturation sepia shadow sharpen simulate_colorblind tint trim unsharp_mask " +
    "upscale vibrance viesus_correct vignette"
  ).split(" "),
);

/** An effect that is not known may hide: it blurs, covers, cuts out or replaces. */
function takeEffect(asked: Asked, name: string): void {
  const note = COSMETIC.has(name) ? unsupported : hide;
  note(asked, `e_${name.slice(0, 24)}`);
}

function isHarmless(key: string, value: string): boolean {
  if (key === "fl") return value.split(".").every((flag) => HARMLESS_FLAGS.has(flag));
  if (key === "o") return value === "100";
  return (key === "a" && /^(0|exif|ignore|auto)$/.test(value)) || (key === "pg" && value === "1") || key === "cs";
}

const QUALITY_WORDS: Readonly<Record<string, Asked["quality"]>> = {
  auto: null,
  "auto:good": null,
  "auto:best": "very_high",
  "auto:eco": "medium",
  "auto:low": "low",
};

function takeNamedQuality(asked: Asked, value: string): void {
  const [number = ""] = value.split(":");
  if (Object.hasOwn(QUALITY_WORDS, value)) asked.quality = QUALITY_WORDS[value] ?? null;
  else takeQuality(asked, "q", number === "auto" ? value : number);
}

/** What a crop keeps. A corner is its upper or lower half, for a crop cuts one axis; faces and content are the image's focal point here. */
function takeGravity(asked: Asked, value: string): void {
  const [half = ""] = value.split("_");
  const isKnown = Object.hasOwn(GRAVITY, value);
  asked.pos = (isKnown ? GRAVITY[value] : Object.hasOwn(GRAVITY, half) ? GRAVITY[half] : null) ?? null;
  if (!isKnown) approximate(asked, `g_${value.split(":", 1)[0]?.slice(0, 24)}`);
}
