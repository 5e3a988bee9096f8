import type { Config } from "@prewarm/shared/config";
import { sign } from "@prewarm/shared/signature";
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

/** The URL with its expiry (where one is given) and signature. Throws a usage error without a key. */
export async function signUrl(
  { base, path, query }: ImageUrl,
  expires: string | null,
  config: Config,
  { args, context }: { args: Arguments; context: Context },
): Promise<string> {
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
