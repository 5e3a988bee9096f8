import type { Format, Position, Quality } from "@prewarm/shared/config";
import { extensionOf } from "@prewarm/shared/image-id";
import type { LegacyLoss } from "@prewarm/shared/legacy";
import { parseQuality } from "@prewarm/shared/parameter-values";

/** The picture that an old URL asks for, in the terms of this site, whether or not the site has it. */
export interface Asked {
  id: string;
  /** The id if what stands for a size in the name (`photo-300x200.jpg`) belongs to the original's own name; null where nothing does. */
  literal: string | null;
  /** In px, density included; null follows from the other side, both null are the original's size. */
  width: number | null;
  height: number | null;
  /** Whether a side is left to the browser or to the original's size: `auto`, a share, an expression. */
  isFluid: boolean;
  /** How both sides bound the picture. `inside`: neither side is passed, and nothing is cut. */
  fit: "inside" | "cover" | "contain" | "fill";
  pos: Position | null;
  /** Null: the service's own default, which is ours. */
  quality: Quality | null;
  /** Null: the format of the original. */
  format: Format | "auto" | null;
  /** A named transformation. */
  preset: string | null;
  losses: LegacyLoss[];
}

export function newAsked(id: string): Asked {
  return {
    id,
    literal: null,
    width: null,
    height: null,
    isFluid: false,
    fit: "inside",
    pos: null,
    quality: null,
    format: null,
    preset: null,
    losses: [],
  };
}

/** Notes that `parameter` became the nearest there is. */
export function approximate({ losses }: Asked, parameter: string): void {
  losses.push({ parameter, kind: "approximate" });
}

/** Notes that `parameter` has no counterpart. */
export function unsupported({ losses }: Asked, parameter: string): void {
  losses.push({ parameter, kind: "unsupported" });
}

/** Notes that `parameter` hides the picture or a part of it, which has no counterpart. */
export function hide({ losses }: Asked, parameter: string): void {
  losses.push({ parameter, kind: "hiding" });
}

/** Takes a named transformation. One preset can be shown, so a name before this one is lost, and only its owner knows what it does. */
export function takeName(asked: Asked, name: string): void {
  if (asked.preset !== null) hide(asked, asked.preset.slice(0, 64));
  asked.preset = name;
}

/** A size in px, or null: a share of the original (`0.5`), a word or an expression, which is noted. */
export function readSize(asked: Asked, name: string, text: string): number | null {
  const size = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : 0;
  // A number of at most 1 is a share of the original everywhere, and nobody wants one pixel.
  if (size > 1) return size;
  asked.isFluid = true;
  approximate(asked, `${name}=${text.slice(0, 16)}`);
  return null;
}

/** The density, 1 unless it is a number above 0. */
export function readDensity(asked: Asked, text: string): number {
  const density = /^\d{1,3}(?:\.\d{1,9})?$/.test(text) ? Number(text) : 0;
  if (density > 0) return density;
  approximate(asked, `dpr=${text.slice(0, 16)}`);
  return 1;
}

export function multiply(asked: Asked, density: number): void {
  // Rounded at a millionth, so that binary fractions push no size past a rung.
  const times = (px: number | null): number | null => (px === null ? null : Math.round(px * density * 1e6) / 1e6);
  asked.width = times(asked.width);
  asked.height = times(asked.height);
}

/** Width divided by height, of `16:9`, `16/9` or `1.5`; null when the text is none of these. */
export function readShape(text: string): number | null {
  const [across, down = "1", ...more] = text.split(/[:/]/);
  const shape = more.length === 0 ? Number(across) / Number(down) : Number.NaN;
  return Number.isFinite(shape) && shape > 0 ? shape : null;
}

/** Words of other services for our formats. */
const FORMAT_WORDS: Readonly<Record<string, Format | "auto">> = {
  auto: "auto",
  avif: "avif",
  webp: "webp",
  png: "png",
  png8: "png",
  png24: "png",
  png32: "png",
  jpg: "jpeg",
  jpeg: "jpeg",
  pjpg: "jpeg",
  jpe: "jpeg",
  "baseline-jpeg": "jpeg",
  bjpg: "jpeg",
  webply: "webp",
};

/** Formats that tell something about the picture and do not show it. */
const NO_PICTURES = ["blurhash", "json"];

/** Takes a format by its word. A word without a counterpart becomes `auto`, which every client shows. */
export function takeFormat(asked: Asked, name: string, word: string): void {
  const format = Object.hasOwn(FORMAT_WORDS, word) ? FORMAT_WORDS[word] : undefined;
  asked.format = format ?? "auto";
  const note = NO_PICTURES.includes(word) ? hide : unsupported;
  if (format === undefined) note(asked, `${name}=${word.slice(0, 16)}`);
}

/** The format of a picture that keeps its original's, by the id's extension: `auto` where the extension tells none. */
export function ownFormat(id: string): Format | "auto" {
  const word = extensionOf(id) ?? "auto";
  return (Object.hasOwn(FORMAT_WORDS, word) ? FORMAT_WORDS[word] : undefined) ?? "auto";
}

/** Takes a quality from 1 to 100. */
export function takeQuality(asked: Asked, name: string, text: string): void {
  asked.quality = parseQuality(text);
  if (asked.quality === null) approximate(asked, `${name}=${text.slice(0, 16)}`);
}
