import type { AnyReceipt } from "@prewarm/control-schema/receipts";
import { fromBase64, toBase64Url } from "../platform/base64.ts";
import type { ApiDeps } from "./deps.ts";

/*
 * Receipts are signed by HMAC-SHA-256. The key is made of the first signing key of image URLs, or of the first operator's
 * token where there is none; the other keys and tokens verify, so that a rotation spoils no receipt.
 */

type Secrets = Pick<ApiDeps, "signingKeys" | "adminTokens">;

/** What the key is made for: the same secret signs other things too. */
const PURPOSE = "prewarm receipt 1";

export async function signReceipt(receipt: AnyReceipt, secrets: Secrets): Promise<string> {
  return signText(canonical(receipt), secrets);
}

export function isReceiptSigned(receipt: AnyReceipt, signature: string, secrets: Secrets): Promise<boolean> {
  return isSigned(canonical(receipt), signature, secrets);
}

/** Signs what goes to a caller and comes back. */
export async function signText(text: string, secrets: Secrets): Promise<string> {
  const [key] = secretsOf(secrets);
  const signature = await crypto.subtle.sign("HMAC", await keyOf(key ?? ""), new TextEncoder().encode(text));
  return toBase64Url(new Uint8Array(signature));
}

export async function isSigned(text: string, signature: string, secrets: Secrets): Promise<boolean> {
  const bytes = fromBase64(signature);
  if (bytes === null) return false;
  for (const secret of secretsOf(secrets))
    if (await crypto.subtle.verify("HMAC", await keyOf(secret), bytes, new TextEncoder().encode(text))) return true;
  return false;
}

function secretsOf({ signingKeys, adminTokens }: Secrets): string[] {
  return [...signingKeys, ...adminTokens];
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const purpose = new TextEncoder().encode(PURPOSE);
  const base = await importKey(new TextEncoder().encode(secret));
  return importKey(new Uint8Array(await crypto.subtle.sign("HMAC", base, purpose)));
}

function importKey(bytes: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

/** One text for one receipt, whatever the order of the fields in its objects. */
function canonical(receipt: AnyReceipt): string {
  return JSON.stringify(receipt, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
