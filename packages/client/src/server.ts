import { formatId } from "@prewarm/shared/image-id";
import { NOISE } from "@prewarm/shared/noise";
import { sign, stringToSign } from "@prewarm/shared/signature";
import type { ImgAttributes } from "./attributes.ts";
import { type ImageRef, refOf } from "./public-config.ts";
import { demand, tokenOf } from "./words.ts";

export type { ImgAttributes } from "./attributes.ts";
export type { ImageRef } from "./public-config.ts";

// A key in a browser is public. Bundlers replace this file by server-in-browser.ts; this check is for pages without a
// bundler.
if ("document" in globalThis && !("process" in globalThis))
  throw new Error("@prewarm/client/server signs with a secret key: it must not run in a browser");

export interface SigningOptions {
  /**
   * The least life of the URL in seconds. The most is twice that: its end is rounded up to a window, so that a page and
   * its caches have one URL in a window. Default: for ever.
   */
  lifetime?: number;
  /** Unix seconds, for tests. */
  now?: number;
  /** Parameters that are not signed: `noise` of the configuration. */
  noise?: readonly string[];
}

/**
 * The URL of an image with its signature `s` under the first of the edge's SIGNING_KEYS. For Workers, Deno, Bun and
 * Node.
 */
export async function signUrl(url: string, key: string, options: SigningOptions = {}): Promise<string> {
  const asked = read(url, key, options);
  return join(asked, await sign(asked.path, asked.query, key, asked));
}

/** The same, synchronous, for template languages. Needs `node:crypto`, which Node, Deno and Bun have. */
export function signUrlSync(url: string, key: string, options: SigningOptions = {}): string {
  const { createHmac } = process.getBuiltinModule("node:crypto");
  const asked = read(url, key, options);
  const text = stringToSign(asked.path, asked.query, asked.noise);
  return join(asked, createHmac("sha256", key).update(text).digest("base64url"));
}

/**
 * One signature for all URLs of an image that need none under `access: "open"`: for `sig` of a ref, and for a loader's
 * source as `?sig=`. It signs `id` and `v` of the ref.
 */
export async function signImage(ref: ImageRef | string, key: string, options: SigningOptions = {}): Promise<string> {
  return sigOf(await signUrl(urlOf(ref), key, options));
}

export function signImageSync(ref: ImageRef | string, key: string, options: SigningOptions = {}): string {
  return sigOf(signUrlSync(urlOf(ref), key, options));
}

/** The text that the signature of an image signs. */
function urlOf(ref: ImageRef | string): string {
  const { id, v = "" } = refOf(ref);
  return `/images/${formatId(id)}?sc=image${v && `&v=${tokenOf(v)}`}`;
}

/** The signature, and after a point its end in Unix seconds, if it has one. */
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

/** The parts of a URL. `path` begins with `/images/`, also if the edge is mounted below a path. */
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
