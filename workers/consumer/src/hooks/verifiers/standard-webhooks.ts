import { fromBase64 } from "../../platform/base64.ts";
import { equalBytes } from "../../platform/secret-equality.ts";
import { type Delivery, isFresh, type Proof } from "./proof.ts";

/*
 * Standard Webhooks (github.com/standard-webhooks, read 2026-11): HMAC-SHA256 over `<id>.<timestamp>.<body>`, base64, as `v1,<signature>`;
 * several, separated by spaces, while a secret is rotated. The secret is `whsec_` and base64.
 */

/** Signatures in one header that are looked at. */
const SIGNATURES_MAX = 10;

export async function verifyStandardWebhook(
  { headers, raw, now }: Delivery,
  secrets: readonly string[],
): Promise<Proof> {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const given = (headers.get("webhook-signature") ?? "")
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .slice(0, SIGNATURES_MAX)
    .map((part) => fromBase64(part.slice(3)));
  if (!/^[\x21-\x7e]{1,256}$/.test(id) || !isFresh(timestamp, now)) return null;
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + raw.length);
  signed.set(head);
  signed.set(raw, head.length);
  let valid = false;
  for (const secret of secrets) {
    const wanted = await hmac(secret, signed);
    for (const signature of given)
      if (wanted !== null && signature !== null && equalBytes(wanted, signature)) valid = true;
  }
  return valid ? { id } : null;
}

async function hmac(secret: string, signed: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  const key = fromBase64(secret.replace(/^whsec_/, ""));
  if (key === null || key.length === 0) return null;
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, signed));
}
