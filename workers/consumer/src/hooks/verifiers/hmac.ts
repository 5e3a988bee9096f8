import type { VerifierConfig } from "@prewarm/shared/config";
import { fromBase64 } from "../../platform/base64.ts";
import { equalBytes } from "../../platform/secret-equality.ts";
import { type Delivery, isFresh, type Proof } from "./proof.ts";

type Settings = Extract<VerifierConfig, { kind: "hmac" }>;

/*
 * One signature in one header, as most systems have it. Two turns cover the rest: when `timestampHeader` names the signature's own header,
 * that header is read as `t=<time>,<prefix><signature>` (Stripe, Sanity); and a template with `{secret}` in it is a plain hash over
 * the text with the secret in its place, not an HMAC (Cloudinary).
 */

export async function verifyHmac(delivery: Delivery, secrets: readonly string[], settings: Settings): Promise<Proof> {
  const value = delivery.headers.get(settings.header) ?? "";
  const inside = settings.timestampHeader?.toLowerCase() === settings.header.toLowerCase();
  const parts = inside ? value.split(",").map((part) => part.trim()) : [value.trim()];
  const signature = decode(signatureOf(parts, settings.prefix ?? ""), settings);
  const timestamp = inside ? partOf(parts, "t=") : delivery.headers.get(settings.timestampHeader ?? "x-none");
  const id = settings.idHeader === undefined ? null : delivery.headers.get(settings.idHeader);
  if (settings.timestampHeader !== undefined && !isFresh(timestamp ?? "", delivery.now)) return null;
  if (settings.idHeader !== undefined && (id === null || !/^[\x21-\x7e]{1,256}$/.test(id))) return null;
  let valid = false;
  for (const secret of secrets) {
    const wanted = await compute(settings, secret, { raw: delivery.raw, timestamp: timestamp ?? "", id: id ?? "" });
    if (signature !== null && equalBytes(wanted, signature)) valid = true;
  }
  // An id that is not signed is the attacker's to choose: it must not be what a replay is told by.
  return valid ? { id: id !== null && (settings.template ?? "").includes("{id}") ? id : null } : null;
}

function signatureOf(parts: string[], prefix: string): string | null {
  return partOf(parts, prefix);
}

function partOf(parts: string[], prefix: string): string | null {
  return parts.find((part) => part.startsWith(prefix) && part.length > prefix.length)?.slice(prefix.length) ?? null;
}

function decode(text: string | null, { encoding = "hex" }: Settings): Uint8Array | null {
  if (text === null) return null;
  if (encoding !== "hex") return fromBase64(text);
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function compute(
  { algorithm = "SHA-256", template = "{body}" }: Settings,
  secret: string,
  parts: { raw: Uint8Array<ArrayBuffer>; timestamp: string; id: string },
): Promise<Uint8Array> {
  const message = fill(template, { ...parts, secret });
  if (template.includes("{secret}")) return new Uint8Array(await crypto.subtle.digest(algorithm, message));
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: algorithm },
    false,
    ["sign"],
  );
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

/** The template with its holes filled; the body stays bytes. */
function fill(
  template: string,
  parts: { raw: Uint8Array<ArrayBuffer>; timestamp: string; id: string; secret: string },
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const pieces = template.split(/(\{body\}|\{timestamp\}|\{id\}|\{secret\})/).map((piece) => {
    if (piece === "{body}") return parts.raw;
    if (piece === "{timestamp}") return encoder.encode(parts.timestamp);
    if (piece === "{id}") return encoder.encode(parts.id);
    return encoder.encode(piece === "{secret}" ? parts.secret : piece);
  });
  const filled = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    filled.set(piece, at);
    at += piece.length;
  }
  return filled;
}
