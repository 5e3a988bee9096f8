import { autoChoices, madeFormats, negotiate } from "./accept.ts";
import type { Config, Fit, Format, Position, Quality } from "./config.ts";
import { AppError } from "./errors.ts";
import { scalePair, snapUp } from "./ladder.ts";
import { nearest } from "./nearest.ts";
import {
  readDpr,
  readExpiry,
  readFit,
  readFormat,
  readPixels,
  readPosition,
  readQuality,
  readScope,
  readVersion,
} from "./parameter-values.ts";
import { invalid, PARAMETERS, type Parameter, readParameters, TRANSFORM_PARAMETERS } from "./parameters.ts";
import { cropSize, isRatioSize, ratioSizes } from "./ratio.ts";
import { LQIP } from "./upload-recipe.ts";

/** What is done to an original, canonical and validated. Null sizes follow from the original's shape; both null: its own size. */
export interface Transform {
  /** In px. */
  width: number | null;
  /** In px. */
  height: number | null;
  /** Set if and only if both width and height are. */
  fit: Fit | null;
  /** What a cover crop keeps; null: the centre. */
  pos: Position | null;
  quality: Quality;
  format: Format;
}

/** What an image URL's query asks for. */
interface Asked {
  transform: Transform;
  /** The site's own version token (`v`). */
  version: string | null;
  /** True when the format came from `Accept`, so that the answer varies with it. */
  negotiated: boolean;
  /** Formats that may be served instead where their variant is smaller; none for a format that the URL names. */
  orElse: readonly Format[];
  /** True when no signature is needed for it: ladder widths × formats × the open qualities, declared ratios, and presets. */
  closed: boolean;
  /** The preset's name, when it was asked for by `p`. */
  preset: string | null;
}

export const DEFAULT_FORMAT = "webp" satisfies Format;
export const DEFAULT_QUALITY = "high" satisfies Quality;

/**
 * Reads a query (docs/url.md). `accept` is the request's header and matters for `f=auto` only; `s` is skipped, noise is ignored.
 * Throws `parameter_unknown`, `parameter_repeated`, `parameter_invalid`, `parameter_conflict` and `preset_unknown`, each with the
 * parameter, what is allowed, and the nearest right spelling where there is one.
 */
export function parseTransform(query: URLSearchParams | string, config: Config, accept: string | null = null): Asked {
  const given = readParameters(query, PARAMETERS, config.noise);
  const version = apply(readVersion, given.get("v"), null);
  apply(readExpiry, given.get("exp"), null);
  apply(readScope, given.get("sc"), null);
  const preset = given.get("p") ?? null;
  const written = writtenOut(given, config);
  const format = formatOf(written, config);
  const negotiated = format === "auto";
  const [first, ...orElse] = negotiated ? negotiate(accept, config) : [format];
  const transform = build(written, first, config);
  return { transform, version, negotiated, orElse, closed: preset !== null || isClosed(transform, config), preset };
}

/** The inverse of `parseTransform`: the one canonical query, such as `w=800&q=high&f=webp`. */
export function formatTransform({ width, height, fit, pos, quality, format }: Transform): string {
  const size = [
    width === null ? "" : `w=${width}&`,
    height === null ? "" : `h=${height}&`,
    fit === null ? "" : `fit=${fit}&`,
    pos === null ? "" : `pos=${pos}&`,
  ];
  return `${size.join("")}q=${quality}&f=${format}`;
}

/**
 * Reads what recipes, presets and the API write: `w=800&f=webp` or `p=card`. `f=auto` stands for the formats of `pages.make`.
 * Throws as `parseTransform` does; what belongs to a URL only (`v`, `exp`, `s`, noise) is unknown here.
 */
export function expandTransforms(spec: string, config: Config): Transform[] {
  return expand(spec, config, madeFormats(config));
}

function expand(spec: string, config: Config, formats: readonly Format[]): Transform[] {
  const written = writtenOut(readParameters(spec, TRANSFORM_PARAMETERS, []), config);
  const format = formatOf(written, config);
  return (format === "auto" ? formats : [format]).map((each) => build(written, each, config));
}

/** The placeholder (docs/page-authors.md); null where the configuration has not its format. */
export function placeholderTransform(config: Config): Transform | null {
  return config.formats.includes("webp") ? (expandTransforms(LQIP, config)[0] ?? null) : null;
}

/** How many variants one image can have for unsigned requests, versions (`v`) aside. */
export function countVariants(config: Config): number {
  const widths = config.ladder.length + 1; // and the original's own
  const pairs = new Set([
    ...[...presetForms(config).values()].filter((form) => !isOnLadder(form, config)).map(formatTransform),
    ...ratioForms(config),
  ]);
  return widths * config.formats.length * config.qualities.length + pairs.size;
}

function ratioForms(config: Config): string[] {
  return ratioSizes(config).flatMap((size) =>
    config.formats.map((format) =>
      formatTransform({ ...size, fit: "cover", pos: null, quality: DEFAULT_QUALITY, format }),
    ),
  );
}

/** Replaces `p` by what the preset says. */
function writtenOut(given: Map<Parameter, string>, config: Config): Map<Parameter, string> {
  const name = given.get("p");
  if (name === undefined) return given;
  const other = TRANSFORM_PARAMETERS.find((parameter) => parameter !== "p" && given.has(parameter));
  if (other !== undefined) {
    throw new AppError("parameter_conflict", {
      detail: `p is a whole transform: ask for p=${name} without ${other}, or write the transform out.`,
      parameter: other,
      allowed: ["p alone", "v", "exp", "sc", "s"],
    });
  }
  const names = Object.keys(config.presets);
  const text = names.includes(name) ? config.presets[name] : undefined;
  if (text === undefined) throw invalid("p", name, names, nearest(name, names));
  return readParameters(
    text,
    TRANSFORM_PARAMETERS.filter((parameter) => parameter !== "p"),
    [],
  );
}

function formatOf(given: Map<Parameter, string>, config: Config): Format | "auto" {
  return apply((text) => readFormat(text, config), given.get("f"), DEFAULT_FORMAT);
}

function build(given: Map<Parameter, string>, format: Format, config: Config): Transform {
  const quality = apply(readQuality, given.get("q"), DEFAULT_QUALITY);
  const dpr = apply(readDpr, given.get("dpr"), 1);
  const width = apply((text) => times(readPixels("w", text), dpr), given.get("w"), null);
  const height = apply((text) => times(readPixels("h", text), dpr), given.get("h"), null);
  const fit = apply(readFit, given.get("fit"), null);
  const pos = apply(readPosition, given.get("pos"), null);
  if (pos !== null && (width === null || height === null || (fit !== null && fit !== "cover"))) {
    const detail = "pos says what a crop keeps: it needs both w and h, and no fit but cover.";
    throw new AppError("parameter_conflict", { detail, parameter: "pos", allowed: ["pos with w, h and fit=cover"] });
  }
  if (width !== null && height !== null) {
    const crops = fit === null || fit === "cover";
    const size = crops ? cropSize(width, height, config) : scalePair(width, height, config.ladder);
    return { ...size, fit: fit ?? "cover", pos, quality, format };
  }
  if (fit !== null) {
    const detail = "fit says how a picture fills a box: it needs both w and h.";
    throw new AppError("parameter_conflict", { detail, parameter: "fit", allowed: ["fit with both w and h"] });
  }
  const snap = (px: number | null): number | null => (px === null ? null : snapUp(px, config.ladder));
  return { width: snap(width), height: snap(height), fit, pos, quality, format };
}

/** Rounds at a millionth, so that 1.1 × 640 is not pushed past a rung by binary fractions. */
function times(px: number, dpr: number): number {
  return dpr === 1 ? px : Math.round(px * dpr * 1e6) / 1e6;
}

function apply<T, D>(read: (text: string) => T, text: string | undefined, otherwise: D): T | D {
  return text === undefined ? otherwise : read(text);
}

/** Whether a URL may ask for it without a signature. */
export function isClosed(transform: Transform, config: Config): boolean {
  return (
    isOnLadder(transform, config) ||
    isDeclaredCrop(transform, config) ||
    presetForms(config).has(formatTransform(transform))
  );
}

function isOnLadder({ height, quality }: Transform, config: Config): boolean {
  return height === null && config.qualities.includes(quality);
}

/** Crops are open at one quality only: five would make five times as many variants, and nobody asks for them. */
function isDeclaredCrop({ width, height, fit, pos, quality }: Transform, config: Config): boolean {
  if (width === null || height === null || fit !== "cover" || pos !== null) return false;
  return quality === DEFAULT_QUALITY && isRatioSize({ width, height }, config);
}

const presetsOf = new WeakMap<Config, Map<string, Transform>>();

/** Everything that presets can resolve to, by canonical query; read once per configuration. */
function presetForms(config: Config): Map<string, Transform> {
  const known = presetsOf.get(config);
  if (known !== undefined) return known;
  const all = Object.values(config.presets).flatMap((spec) => expand(spec, config, autoChoices(config)));
  const forms = new Map(all.map((transform) => [formatTransform(transform), transform]));
  presetsOf.set(config, forms);
  return forms;
}
