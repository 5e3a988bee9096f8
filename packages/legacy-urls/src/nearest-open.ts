import { type Config, type Format, QUALITIES, type Quality } from "@prewarm/shared/config";
import type { LegacyLoss, LegacyReading } from "@prewarm/shared/legacy";
import { RATIO_PATTERN, readRatio } from "@prewarm/shared/shape";
import { DEFAULT_QUALITY, formatTransform, parseTransform } from "@prewarm/shared/transform";
import { type Asked, ownFormat } from "./asked.ts";

/** A ratio of the site takes the place of one that it has not while neither side changes by more than a fifth. */
const RATIO_REACH = 1.2;
/** Larger sizes are the ladder's top rung anyway. */
const MOST_PX = 100_000;

/** One way to write what is asked for, and what it loses. */
interface Candidate {
  query: string;
  losses: LegacyLoss[];
}

/**
 * The URL in the open set that is nearest to what is asked for. Candidates are tried from the exact one on, and the edge's own rule says
 * which of them is open: so nothing outside the open set can be named. The last one, a whole picture, always is.
 */
export function nearestOpen(asked: Asked, config: Config): LegacyReading | null {
  const { id, losses } = asked;
  if (asked.preset !== null && Object.hasOwn(config.presets, asked.preset)) return presetOf(asked, asked.preset);
  const name = asked.preset?.slice(0, 64);
  // Only its owner knows what stands in a named transformation, so it may hide.
  const named = name === undefined ? [] : [lost(name, `presets: { "${name}": … }`, "hiding")];
  const format = openFormat(asked, config);
  for (const { query, losses: own } of candidates(asked, format.name, config)) {
    const { transform, closed } = parseTransform(query, config);
    if (!closed) continue;
    const all = [...losses, ...named, ...format.losses, ...own];
    const canonical = formatTransform(transform).replace(/f=\w+$/, `f=${format.name}`);
    const px = asked.width === null ? transform.width : pixels(asked.width);
    return {
      ...{ id, query: canonical, exactness: exactnessOf(all), losses: all },
      roundedFrom: px === transform.width ? null : px,
    };
  }
  return null;
}

/** A preset is a whole transform, so a size beside it is lost. */
function presetOf({ id, width, height, losses }: Asked, preset: string): LegacyReading {
  const isSized = width !== null || height !== null;
  const all = isSized ? [...losses, { parameter: "size of a preset", kind: "approximate" as const }] : losses;
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

/** The format, or `auto` where the site has not that one: every client shows what it becomes. */
function openFormat({ id, format }: Asked, { formats }: Config): { name: Format | "auto"; losses: LegacyLoss[] } {
  const name = format ?? ownFormat(id);
  if (name === "auto" || formats.includes(name)) return { name, losses: [] };
  return { name: "auto", losses: [lost(`format ${name}`, `formats: "${name}"`)] };
}

function* candidates(asked: Asked, format: Format | "auto", config: Config): Generator<Candidate> {
  const { width, height } = asked;
  const quality = asked.quality ?? DEFAULT_QUALITY;
  const write: Write = (size, q, ...losses) => ({
    query: `${size}${size === "" ? "" : "&"}q=${q}&f=${format}`,
    losses,
  });
  const open = nearestQuality(quality, config);
  const worse = open === quality ? [] : [lost(`quality ${quality}`, `qualities: "${quality}"`)];
  const whole = width === null ? "" : `w=${pixels(width)}`;
  if (height === null) return yield write(whole, open, ...worse);
  if (width !== null) {
    yield* pairs({ ...asked, format }, { width, height }, write, config);
    return yield write(whole, open, boxLoss(asked, { width, height }, format), ...worse);
  }
  const alone = `h=${pixels(height)}`;
  yield write(alone, quality);
  // Only widths are open. Most photos are 3:2; a portrait gets more pixels than it needs.
  yield write(`w=${pixels(height * 1.5)}`, open, lost("height alone", presetLine(alone, quality, format)), ...worse);
}

type Write = (size: string, quality: Quality, ...losses: LegacyLoss[]) => Candidate;

interface Box {
  width: number;
  height: number;
}

/** The ways to write both sides: as asked, then at the quality of crops, then from the centre, then at the nearest ratio that the site declares. */
function* pairs({ fit, pos, quality, format }: Asked, box: Box, write: Write, config: Config): Generator<Candidate> {
  const size = `w=${pixels(box.width)}&h=${pixels(box.height)}`;
  const asked = quality ?? DEFAULT_QUALITY;
  if (fit === "contain" || fit === "fill") yield write(`${size}&fit=${fit}`, asked);
  if (fit !== "cover") return;
  const placed = pos === null ? size : `${size}&pos=${pos}`;
  const preset = presetLine(placed, asked, String(format));
  const worse = asked === DEFAULT_QUALITY ? [] : [lost(`quality ${asked} of a crop`, preset)];
  const moved = pos === null ? [] : [lost(`position ${pos}`, `ratios: { ratio: ${ratioOf(box)}, pos: "${pos}" }`)];
  yield write(placed, asked);
  yield write(placed, DEFAULT_QUALITY, ...worse);
  yield write(size, asked, ...moved);
  yield write(size, DEFAULT_QUALITY, ...moved, ...worse);
  const ratio = nearestRatio(box, config);
  if (ratio === null) return;
  const near = `w=${pixels(box.width)}&h=${pixels(box.width / ratio)}`;
  yield write(near, DEFAULT_QUALITY, boxLoss({ fit, quality }, box, ""), ...moved, ...worse);
}

/** What is lost of a box that becomes a whole picture. */
function boxLoss({ fit, quality }: Pick<Asked, "fit" | "quality">, box: Box, format: string): LegacyLoss {
  if (fit === "cover") return lost("ratio", `ratios: ${ratioOf(box)}`);
  const size = `w=${pixels(box.width)}&h=${pixels(box.height)}`;
  // Within a box the picture's own shape decides which side ends first; no preset says that.
  if (fit === "inside") return { parameter: "height", kind: "approximate" };
  return lost(`fit ${fit}`, presetLine(`${size}&fit=${fit}`, quality ?? DEFAULT_QUALITY, format));
}

function presetLine(size: string, quality: Quality, format: string): string {
  return `presets: "${size}${quality === DEFAULT_QUALITY ? "" : `&q=${quality}`}&f=${format}"`;
}

function pixels(px: number): number {
  return Math.min(MOST_PX, Math.max(1, Math.ceil(px)));
}

function nearestQuality(quality: Quality, { qualities }: Config): Quality {
  const distance = (other: Quality): number => Math.abs(QUALITIES.indexOf(other) - QUALITIES.indexOf(quality));
  return qualities.toSorted((one, other) => distance(one) - distance(other))[0] ?? quality;
}

/** The ratio as `ratios` takes it, in its lowest terms. */
function ratioOf({ width, height }: Box): string {
  const [across, down] = [pixels(width), pixels(height)];
  const divisor = greatestDivisor(across, down);
  const text = `${across / divisor}:${down / divisor}`;
  return `"${RATIO_PATTERN.test(text) ? text : `${Math.round((across / down) * 100) / 100}:1`}"`;
}

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other);
}

/** The site's ratio that is nearest to a box; null when none is near. */
function nearestRatio({ width, height }: Box, { ratios }: Pick<Config, "ratios">): number | null {
  const distance = (ratio: number): number => Math.abs(Math.log(width / height / ratio));
  const declared = ratios.flatMap((entry) => (typeof entry === "string" ? [readRatio(entry) ?? []].flat() : []));
  const [best] = declared.toSorted((one, other) => distance(one) - distance(other));
  return best === undefined || distance(best) > Math.log(RATIO_REACH) ? null : best;
}
