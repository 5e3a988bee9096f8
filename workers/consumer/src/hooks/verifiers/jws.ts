import { jwtVerify } from "jose";
import type { Delivery, Proof, SettingsOf } from "./proof.ts";

/*
 * Netlify's signature of a deploy notification (docs.netlify.com/site-deploys/notifications/#payload-signature, read 2026-11): a token of the
 * form of a JWT, HS256 with the secret, whose claims are `iss`: "netlify" and `sha256`: the body's hash in hexadecimal. It has no time.
 */

/** Characters of a token that are looked at; it has about 200. */
const TOKEN_MAX_CHARS = 4096;

export async function verifyJws(
  { headers, raw }: Delivery,
  { header, issuer }: SettingsOf<"jws">,
  secrets: readonly string[],
): Promise<Proof> {
  const token = headers.get(header) ?? "";
  if (token === "" || token.length > TOKEN_MAX_CHARS) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  for (const secret of secrets) {
    const claims = await claimsOf(token, secret, issuer);
    if (claims?.sha256 === hash) return { id: null };
  }
  return null;
}

async function claimsOf(token: string, secret: string, issuer: string) {
  try {
    const key = new TextEncoder().encode(secret);
    return (await jwtVerify(token, key, { algorithms: ["HS256"], issuer })).payload;
  } catch {
    return null;
  }
}
