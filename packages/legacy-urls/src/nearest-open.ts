import { type Config, type Format, QUALITIES, type Quality } from "@prewarm/shared/config";
import { extensionOf } from "@prewarm/shared/image-id";
import { snapUp } from "@prewarm/shared/ladder";
import type { LegacyLoss, LegacyReading } from "@prewarm/shared/legacy";
import { cropSize, ratioWidths } from "@prewarm/shared/ratio";
import { RATIO_PATTERN, readRatio } from "@prewarm/shared/shape";
import { isPassThrough } from "@prewarm/shared/source";
import { DEFAULT_QUALITY, formatTransform } from "@prewarm/shared/transform";
import { type Asked, ownFormat } from "./asked.ts";
import { type Offer, offered } from "./offer.ts";

/** A ratio of the site takes the place of one that it has not while neither side changes by more than a fifth. */
const RATIO_REACH = 1.2;
/** Within this a ratio is the same one, rounded to pixels. */
const SAME_RATIO = 1.005;
/** Larger sizes are the ladder's top rung anyway. */
const MOST_PX = 100_000;
/** What a page most often shows, in px: the width of a picture whose URL leaves its width to the browser or to the original. */
const FLUID_PX = 1080;

/** What is asked for, with what it leaves unsaid. */
interface Wish extends Asked {
  quality: Quality;
  /** Of a preset that would be exact. */
  presetFormat: Format | "auto";
}

/** A part of a query, and what is lost by it. */
interface Part<T> {
  value: T;
  losses: readonly LegacyLoss[];
}

/** A size as the query's beginning, such as `w=640&h=480`, or empty. `isWhole`: nothing is cut or fitted. */
interface Size extends Part<string> {
  isWhole: boolean;
}

/**
 * The nearest URL that is offered. Sizes, qualities and formats are tried from the exact ones on, and the offer says which query is in it, so
 * nothing else can be named. The last one, a whole picture, always is.
 */
export function nearestOpen(asked: Asked, offer: Offer): LegacyReading | null {
  const { id, preset } = asked;
  const passed = passedLosses(asked, offer.config);
  if (preset !== null && Object.hasOwn(offer.config.presets, preset)) return presetOf(asked, preset, passed);
  const name = preset?.slice(0, 64);
  // Only its owner knows what stands in a named transformation, so it may hide.
  const named = name === undefined ? [] : [lost(name, `presets: { "${name}": … }`, "hiding")];
  const formats = formatsOf(asked, offer);
  const wish: Wish = {
    ...asked,
    width: widthOf(asked, offer.config),
    quality: asked.quality ?? DEFAULT_QUALITY,
    presetFormat: formats[0]?.value ?? "auto",
  };
  for (const size of sizesOf(wish, offer))
    for (const quality of qualitiesOf(wish, size, offer))
      for (const format of size.isWhole ? formats.slice(-1) : formats) {
        const transform = offered(`${size.value}${size.value && "&"}q=${quality.value}`, format.value, offer);
        if (transform === null) continue;
        const near = passed ?? [...format.losses, ...size.losses, ...quality.losses];
        const all = [...asked.losses, ...named, ...near];
        const px = asked.width === null ? transform.width : pixels(asked.width);
        return {
          id,
          query: formatTransform(transform).replace(/f=\w+$/, `f=${format.value}`),
          exactness: exactnessOf(all),
          losses: all,
          roundedFrom: px === transform.width ? null : px,
        };
      }
  return null;
}

/**
 * What is lost of an original that is shown as it is, such as a GIF: its size and its format, whatever `pages` has. A vector has every size.
 * Null: variants are made of it.
 */
function passedLosses({ id, width, height, format, fit, preset }: Asked, config: Config): LegacyLoss[] | null {
  if (!isPassThrough(config, id)) return null;
  const isSized = width !== null || height !== null || preset !== null;
  const isKept = (format ?? "auto") === "auto" && (!isSized || (extensionOf(id) === "svg" && fit !== "cover"));
  return isKept ? [] : [{ parameter: `${extensionOf(id) ?? "an original"} as it is`, kind: "approximate" }];
}

/** A preset is a whole transform, so a size beside it is lost. */
function presetOf({ id, width, height, losses }: Asked, preset: string, passed: LegacyLoss[] | null): LegacyReading {
  const isSized = width !== null || height !== null;
  const sized = isSized ? [{ parameter: "size of a preset", kind: "approximate" as const }] : [];
  const all = [...losses, ...(passed ?? sized)];
  return { id, query: `p=${preset}`, exactness: exactnessOf(all), losses: all, roundedFrom: null };
}

function exactnessOf(losses: readonly LegacyLoss[]): LegacyReading["exactness"] {
  if (losses.some(({ kind }) => kind === "hiding")) return "refused";
  if (losses.some(({ kind }) => kind === "unsupported")) return "unsupported";
  return losses.length > 0 ? "approximate" : "exact";
}

function lost(parameter: string, line: string, kind: LegacyLoss["kind"] = "approximate"): LegacyLoss {
  return { parameter, kind, line };
}

/** The line of `pages` that adds a value; a format that the site lacks stands in `formats` too. */
function settingLine(setting: "formats" | "qualities" | "ratios", value: string, { config, made }: Offer): string {
  const isLacking = setting === "formats" && !config.formats.some((format) => format === value);
  const settings = [...(isLacking ? ["formats"] : []), ...(isLacking && made === null ? [] : [`pages.${setting}`])];
  return `${settings.join(" and ")}: "${value}"`;
}

/** The width in px. Where only the browser, the original or a transformation's owner knows the size: the widest of pages up to 1080. */
function widthOf({ width, height, isFluid, preset }: Asked, { pages }: Config): number | null {
  if (width !== null || height !== null || !(isFluid || preset !== null)) return width;
  return pages.widths.findLast((each) => each <= FLUID_PX) ?? pages.widths[0] ?? null;
}

/**
 * The format, from the asked one on. One that is not offered becomes `auto`, which every client shows, or else the first that pages have; but
 * a preset may be of any format of the site.
 */
function formatsOf({ id, format }: Asked, offer: Offer): Part<Format | "auto">[] {
  const own = format ?? ownFormat(id);
  const asked = { value: own, losses: [] };
  if (offer.formats.includes(own)) return [asked];
  const value = offer.formats.includes("auto") ? "auto" : (offer.formats[0] ?? "auto");
  const instead = { value, losses: [lost(`format ${own}`, settingLine("formats", own, offer))] };
  return own === "auto" || offer.config.formats.includes(own) ? [asked, instead] : [instead];
}

/** The quality: of a whole picture the nearest, of another one as asked, which a preset may have, then that of all crops. */
function qualitiesOf(wish: Wish, size: Size, offer: Offer): Part<Quality>[] {
  const { quality } = wish;
  const asked = { value: quality, losses: [] };
  if (size.isWhole) {
    const nearest = nearestQuality(quality, offer);
    const line = settingLine("qualities", quality, offer);
    return nearest === quality ? [asked] : [{ value: nearest, losses: [lost(`quality ${quality}`, line)] }];
  }
  if (quality === DEFAULT_QUALITY) return [asked];
  const loss = lost(`quality ${quality} of a crop`, presetLine(size.value, wish));
  return [asked, { value: DEFAULT_QUALITY, losses: [loss] }];
}

function* sizesOf(wish: Wish, offer: Offer): Generator<Size> {
  const { width, height } = wish;
  if (height === null) return yield whole(width, offer);
  if (width !== null) {
    yield* boxesOf(wish, { width, height }, offer);
    return yield whole(width, offer, boxLoss(wish, { width, height }, offer));
  }
  const alone = `h=${pixels(height)}`;
  yield { value: alone, losses: [], isWhole: false };
  // Only widths are open. Most photos are 3:2; a portrait gets more pixels than it needs.
  yield whole(height * 1.5, offer, lost("height alone", presetLine(alone, wish)));
}

/** The whole picture at the next width. `width` null: the original's own, or where uploads make what is offered, the widest. */
function whole(width: number | null, { widths, made }: Offer, ...losses: LegacyLoss[]): Size {
  if (width !== null) return { value: `w=${snapUp(pixels(width), widths)}`, losses, isWhole: true };
  if (made === null) return { value: "", losses, isWhole: true };
  const widest = snapUp(MOST_PX, widths);
  return { value: `w=${widest}`, losses: [...losses, { parameter: "no width", kind: "approximate" }], isWhole: true };
}

interface Box {
  width: number;
  height: number;
}

/** The ways to write both sides: as asked, then from the centre, then at the ratio of a crop that is offered, then at the nearest ratio. */
function* boxesOf(wish: Wish, box: Box, offer: Offer): Generator<Size> {
  const { fit, pos } = wish;
  const size = sizeOf(box);
  const boxed = (value: string, ...losses: LegacyLoss[]): Size => ({ value, losses, isWhole: false });
  if (fit === "contain" || fit === "fill") yield boxed(`${size}&fit=${fit}`);
  if (fit !== "cover") return;
  if (pos !== null) yield boxed(`${size}&pos=${pos}`);
  const moved = pos === null ? [] : [lost(`position ${pos}`, cropLine(wish, box, offer))];
  yield boxed(size, ...moved);
  const same = offeredCrop(box, offer);
  if (same !== null) yield boxed(same, ...moved);
  const ratio = readRatio(nearestRatio(box, offer.shapes, RATIO_REACH) ?? "");
  const near = ratio === null ? null : offeredCrop({ ...box, height: box.width / ratio }, offer);
  if (near !== null) yield boxed(near, boxLoss(wish, box, offer), ...moved);
}

/** The next crop that is offered of the box's ratio; null where its ratio is not offered. */
function offeredCrop({ width, height }: Box, { widths, shapes }: Offer): string | null {
  const size = cropSize(pixels(width), pixels(height), shapes);
  const sizes = ratioWidths(size, shapes).filter((each) => widths.includes(each.width));
  const best = sizes.find((each) => each.width >= width) ?? sizes.at(-1);
  return best === undefined ? null : sizeOf(best);
}

/** What is lost of a box that becomes a whole picture, or one of another ratio. */
function boxLoss(wish: Wish, box: Box, offer: Offer): LegacyLoss {
  const { fit } = wish;
  if (fit === "cover") return lost("ratio", cropLine(wish, box, offer));
  // Within a box the picture's own shape decides which side ends first; no preset says that.
  if (fit === "inside") return { parameter: "height", kind: "approximate" };
  return lost(`fit ${fit}`, presetLine(`${sizeOf(box)}&fit=${fit}`, wish));
}

/** The line that makes a crop exact. Uploads make no ratio at a position, but each preset. */
function cropLine(wish: Wish, box: Box, offer: Offer): string {
  const ratio = nearestRatio(box, offer.config, SAME_RATIO) ?? ratioOf(box);
  if (wish.pos === null) return settingLine("ratios", ratio, offer);
  return presetLine(`${sizeOf(box)}&pos=${wish.pos}`, wish);
}

function presetLine(size: string, { quality, presetFormat }: Wish): string {
  return `presets: "${size}${quality === DEFAULT_QUALITY ? "" : `&q=${quality}`}&f=${presetFormat}"`;
}

function sizeOf({ width, height }: Box): string {
  return `w=${pixels(width)}&h=${pixels(height)}`;
}

function pixels(px: number): number {
  return Math.min(MOST_PX, Math.max(1, Math.ceil(px)));
}

function nearestQuality(quality: Quality, { qualities }: Offer): Quality {
  const distance = (other: Quality): number => Math.abs(QUALITIES.indexOf(other) - QUALITIES.indexOf(quality));
  return qualities.toSorted((one, other) => distance(one) - distance(other))[0] ?? quality;
}

/** The ratio as `pages.ratios` takes it, in its lowest terms. */
function ratioOf({ width, height }: Box): string {
  const [across, down] = [pixels(width), pixels(height)];
  const divisor = greatestDivisor(across, down);
  const text = `${across / divisor}:${down / divisor}`;
  return RATIO_PATTERN.test(text) ? text : `${Math.round((across / down) * 100) / 100}:1`;
}

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other);
}

/** The ratio that is nearest to a box; null when none is within `reach`, a factor. */
function nearestRatio({ width, height }: Box, { ratios }: Pick<Config, "ratios">, reach: number): string | null {
  const distance = (ratio: string): number => Math.abs(Math.log(width / height / (readRatio(ratio) ?? 0)));
  const [best] = ratios.toSorted((one, other) => distance(one) - distance(other));
  return best === undefined || distance(best) > Math.log(reach) ? null : best;
}
