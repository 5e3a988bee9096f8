import { FORMATS, QUALITIES } from "./defaults.ts";

/*
 * Checks of arguments: TypeScript refuses most wrong ones, and these functions refuse the same in JavaScript. Loaders
 * need no check, because they drop words that no URL can say.
 */

interface Words {
  width?: unknown;
  height?: unknown;
  dpr?: unknown;
  minWidth?: unknown;
  maxWidth?: unknown;
  widths?: readonly unknown[] | undefined;
  densities?: readonly unknown[] | undefined;
  quality?: unknown;
  format?: unknown;
  formats?: readonly unknown[] | undefined;
  art?: readonly Words[] | undefined;
}

/**
 * Throws a TypeError for a size that is no number, and for a quality or format that no URL has. Zero and empty words
 * count as absent.
 */
export function checkWords({ width, height, dpr, minWidth, maxWidth, quality, format, ...lists }: Words): void {
  const { widths = [], densities = [], formats = [], art = [] } = lists;
  for (const px of [width, height, dpr, minWidth, maxWidth, ...widths, ...densities])
    demand(px, Number(px ?? 0) >= 0, "a size");
  if (!(Number(quality) > 0 && Number(quality) <= 100)) declared(quality ?? "high", Object.keys(QUALITIES));
  for (const name of [format ?? "auto", ...formats]) declared(name, FORMATS);
  art.forEach(checkWords);
}

/** Throws a TypeError unless the name is one of these. */
export function declared(name: unknown, names: readonly unknown[]): void {
  const what = names[0] ? `one of ${names}` : "declared: spread what `prewarm print client` prints beside baseUrl";
  demand(name, names.includes(name), what);
}

export function demand(word: unknown, holds: boolean, what: string): void {
  if (!holds) throw new TypeError(`"${word}" is not ${what}`);
}

/** The version for a URL: its last 64 letters, digits, `-` and `_`. */
export function tokenOf(version: string): string {
  return version.replace(/[^\w-]+/g, "-").slice(-64);
}

/** The address without slashes at its end. Throws a TypeError for an address that cannot stand before `/images/`. */
export function baseOf(baseUrl: string): string {
  const base = `${baseUrl}`.replace(/^(.*[^/])?\/*$/s, "$1");
  if (/^(https?:\/)?\/|^$/.test(base) && !base.endsWith("/images")) return base;
  throw new TypeError(
    `baseUrl is ${baseUrl}: write https://images.example.com, without /images, or "" for the page's own host`,
  );
}
