import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { parseId } from "@prewarm/shared/image-id";
import { sign } from "@prewarm/shared/signature";
import { isWithheld } from "@prewarm/shared/source";
import { parseTransform } from "@prewarm/shared/transform";
import type { Arguments } from "../arguments/command.ts";
import { readDuration } from "../arguments/quantities.ts";
import { readSigningKeys } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";

/** An image URL in its parts; `query` is written as the page will request it. */
export interface ImageUrl {
  /** Origin, and a path above `/images` where the edge is not at the root of its host. */
  base: string;
  /** Percent-encoded, from `/images/` on: what is signed. */
  path: string;
  query: string;
}

/** An image URL, or its path from `/images/` on, without a signature and its expiry. */
export function readImageUrl(text: string, edgeUrl: () => string): ImageUrl {
  const whole = text.startsWith("/") ? edgeUrl() + text : text;
  const at = whole.indexOf("/images/");
  if (!URL.canParse(whole) || at === -1) throw usageError(`“${text}” is no image URL: it has no /images/ in its path.`);
  const [path = "", query = ""] = (whole.slice(at).split("#")[0] ?? "").split("?");
  const kept = query.split("&").filter((part) => part !== "" && !/^(s|exp)=/.test(part));
  return { base: whole.slice(0, at), path, query: kept.join("&") };
}

/** The URL whose signature opens every URL of its image that needs none. */
export function openWhole(image: ImageUrl): ImageUrl {
  if (isWhole(image)) return image;
  return { ...image, query: `${image.query}${image.query && "&"}sc=image` };
}

function isWhole({ query }: ImageUrl): boolean {
  return /(^|&)sc=/.test(query);
}

/** Refuses what the edge would refuse: a signed URL that answers 400 helps nobody. */
function checkImage(image: ImageUrl, config: Config): void {
  const { path, query } = image;
  try {
    const id = parseId(path.slice("/images/".length));
    const { closed, transform } = parseTransform(query, config);
    const isOpen = closed && !isWithheld(config, id, transform);
    if (isWhole(image) && !isOpen)
      throw usageError(`${path}?${query} is not open: an image's signature (sc) opens what needs none.`);
  } catch (error) {
    if (error instanceof AppError) throw usageError(`${path}: ${error.message}`);
    throw error;
  }
}

/**
 * The URL with its expiry (where one is given) and signature. Throws a usage error without a key, and for a URL that the edge refuses.
 */
export async function signUrl(
  image: ImageUrl,
  expires: string | null,
  config: Config,
  { args, context }: { args: Arguments; context: Context },
): Promise<string> {
  checkImage(image, config);
  const { base, path, query } = image;
  const [key] = readSigningKeys(args, context);
  if (key === undefined)
    throw usageError("SIGNING_KEYS is not set.", "It is the edge Worker's secret of that name; the first key signs.");
  const expiry = expires === null ? "" : `exp=${expiryOf(expires, context)}`;
  const asked = [query, expiry].filter((part) => part !== "").join("&");
  return `${base}${path}?${asked}${asked === "" ? "" : "&"}s=${await sign(path, asked, key, config)}`;
}

export function plainUrl({ base, path, query }: ImageUrl): string {
  return `${base}${path}${query === "" ? "" : `?${query}`}`;
}

/** `90d` from now, or a moment in Unix seconds, as Unix seconds. */
function expiryOf(text: string, { clock }: Context): number {
  if (/^\d{9,12}$/.test(text)) return Number(text);
  return Math.floor(clock.now() / 1000) + Math.ceil(readDuration(text, "--expires"));
}
