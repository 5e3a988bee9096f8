import { formatId } from "@prewarm/shared/image-id";
import { NOISE } from "@prewarm/shared/noise";
import { sign, stringToSign } from "@prewarm/shared/signature";
import type { ImgAttributes } from "./attributes.ts";
import { type ImageRef, refOf } from "./public-config.ts";
import { demand, tokenOf } from "./words.ts";

export type { ImgAttributes } from "./attributes.ts";
export type { ImageRef } from "./public-config.ts";

// A key in a browser is everybody's key. Bundlers take the entry for browsers instead of this; this is for pages without one.
if ("document" in globalThis && !("process" in globalThis))
  throw new Error("@prewarm/client/server signs with a secret key: it must not run in a browser");

export interface SigningOptions {
  /**
   * Seconds for which the URL is good at least, at most twice as long: its end is rounded up to a window, so that within one window a page
   * and its caches repeat the same URL. Default: for ever.
   */
  lifetime?: number;
  /** Unix seconds, for tests. */
  now?: number;
  /** The configuration's `noise`: parameters that are not signed. */
  noise?: readonly string[];
}

/** The URL of an image with its signature `s` under the first of the edge's SIGNING_KEYS. For Workers, Deno, Bun and Node. */
export async function signUrl(url: string, key: string, options: SigningOptions = {}): Promise<string> {
  const asked = read(url, key, options);
  return join(asked, await sign(asked.path, asked.query, key, asked));
}

/** The same at once, for template languages; needs `node:crypto`, as Node, Deno and Bun have it. */
export function signUrlSync(url: string, key: string, options: SigningOptions = {}): string {
  const { createHmac } = process.getBuiltinModule("node:crypto");
  const asked = read(url, key, options);
  const text = stringToSign(asked.path, asked.query, asked.noise);
  return join(asked, createHmac("sha256", key).update(text).digest("base64url"));
}

/**
 * One signature for all URLs of an image that need none under `access: "open"`: for a ref's `sig`, and for a loader's source as `?sig=`.
 * It is of the ref's `id` and `v`.
 */
export async function signImage(ref: ImageRef | string, key: string, options: SigningOptions = {}): Promise<string> {
  return sigOf(await signUrl(urlOf(ref), key, options));
}

export function signImageSync(ref: ImageRef | string, key: string, options: SigningOptions = {}): string {
  return sigOf(signUrlSync(urlOf(ref), key, options));
}

/** What an image's signature is of. */
function urlOf(ref: ImageRef | string): string {
  const { id, v = "" } = refOf(ref);
  return `/images/${formatId(id)}?sc=image${v && `&v=${tokenOf(v)}`}`;
}

/** The signature, and behind a point its end in Unix seconds if it has one. */
function sigOf(url: string): string {
  const query = new URLSearchParams(url.split("?")[1]);
  return [query.get("s"), query.get("exp")].filter(Boolean).join(".");
}

/** Attributes of `attrs` with every URL signed. */
export async function signAttrs(
  given: ImgAttributes,
  key: string,
  options: SigningOptions = {},
): Promise<ImgAttributes> {
  const urls = urlsOf(given);
  const signed = await Promise.all(urls.map((url) => signUrl(url, key, options)));
  return replaced(given, new Map(urls.map((url, index) => [url, signed[index] ?? url])));
}

export function signAttrsSync(given: ImgAttributes, key: string, options: SigningOptions = {}): ImgAttributes {
  return replaced(given, new Map(urlsOf(given).map((url) => [url, signUrlSync(url, key, options)])));
}

/** A URL in its parts; `path` begins with `/images/`, wherever the edge is mounted. */
interface Asked {
  base: string;
  path: string;
  query: string;
  noise: readonly string[];
}

function read(url: string, key: string, options: SigningOptions): Asked {
  demand(key, key !== "", "a signing key");
  const { lifetime, now = Math.floor(Date.now() / 1000), noise = NOISE } = options;
  const at = url.indexOf("/images/");
  demand(url, at >= 0, "an image URL");
  const [path = "", query = ""] = url.slice(at).split("?");
  const asked = query.split("&").filter((part) => part !== "" && !/^(s|exp)=/.test(part));
  if (lifetime) asked.push(`exp=${(Math.floor(now / lifetime) + 2) * lifetime}`);
  return { base: url.slice(0, at), path, query: asked.join("&"), noise };
}

function join({ base, path, query }: Asked, signature: string): string {
  return `${base}${path}?${query}${query && "&"}s=${signature}`;
}

function urlsOf({ src, srcset }: ImgAttributes): string[] {
  return [src, ...(srcset ?? "").split(", ").map((candidate) => candidate.split(" ")[0] ?? "")].filter(Boolean);
}

function replaced(given: ImgAttributes, signed: ReadonlyMap<string, string>): ImgAttributes {
  const srcset = given.srcset?.replaceAll(/[^\s,]+/g, (url) => signed.get(url) ?? url);
  return { ...given, src: signed.get(given.src) ?? given.src, srcset };
}
