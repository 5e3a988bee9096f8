import type { VerifierConfig } from "@prewarm/shared/config";
import type { Log } from "@prewarm/shared/log";
import { joined } from "@prewarm/shared/read-at-most";
import * as z from "zod";
import { fromBase64 } from "../../platform/base64.ts";
import type { RemoteKeys } from "../../platform/remote-keys.ts";
import { equalBytes, indexOfSecret } from "../../platform/secret-equality.ts";
import { callSite } from "../site-function.ts";
import { createGoogleKeys, verifyGoogleOidc } from "./google-oidc.ts";
import { DELIVERY_ID, type Delivery, type Proof, type SettingsOf, TOLERANCE_MS } from "./proof.ts";
import { verifySns } from "./sns.ts";
import { SnsCertificates } from "./sns-certificates.ts";

/** Keys that senders publish. */
export interface SenderKeys {
  sns: SnsCertificates;
  google: RemoteKeys;
}

/** One an isolate: they are remembered. */
export function createSenderKeys(fetcher: typeof fetch): SenderKeys {
  return { sns: new SnsCertificates(fetcher), google: createGoogleKeys(fetcher) };
}

/** Signatures in one header that are looked at. */
const SIGNATURES_MAX = 10;

/** What a verifier's function may return. Anything else is no proof and no refusal: its sender sends again. */
const ownProof = z.strictObject({ id: z.string().regex(DELIVERY_ID).nullable() }).nullable();

/**
 * Whether a delivery comes from whom the hook's configuration says. Every refusal is the same null. Throws `unavailable` when the keys of
 * the sender cannot be read.
 */
export async function verify(
  delivery: Delivery,
  verifier: VerifierConfig,
  { secrets, keys, hook, log }: { secrets: readonly string[]; keys: SenderKeys; hook: string; log: Log },
): Promise<Proof> {
  switch (verifier.kind) {
    case "function": {
      const { headers, raw, url, now } = delivery;
      const run = () => verifier.verify({ headers, body: raw, url, now }, secrets);
      return callSite({ what: "verifier", hook, log }, run, (result) => ownProof.parse(result));
    }
    case "standard-webhooks":
      return verifyStandardWebhook(delivery, secrets);
    case "hmac":
      return verifyHmac(delivery, secrets, verifier);
    case "bearer": {
      // With or without the word: some senders can only be given the header's whole value.
      const given = (delivery.headers.get(verifier.header ?? "authorization") ?? "").replace(/^Bearer +/i, "");
      return (await indexOfSecret(given, secrets)) === -1 ? null : { id: null };
    }
    case "sns":
      return verifySns(delivery, verifier, keys.sns);
    case "google-oidc":
      return verifyGoogleOidc(delivery, verifier, keys.google);
    default:
      return verifier satisfies never;
  }
}

/*
 * Standard Webhooks (github.com/standard-webhooks, read 2026-11): HMAC-SHA256 over `<id>.<timestamp>.<body>`, base64, as `v1,<signature>`;
 * several, separated by spaces, while a secret is rotated. The secret is `whsec_` and base64.
 */

async function verifyStandardWebhook({ headers, raw, now }: Delivery, secrets: readonly string[]): Promise<Proof> {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const given = (headers.get("webhook-signature") ?? "")
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .slice(0, SIGNATURES_MAX)
    .map((part) => fromBase64(part.slice(3)));
  if (!DELIVERY_ID.test(id) || !isFresh(timestamp, now)) return null;
  const signed = bytesOf(`${id}.${timestamp}.`, raw);
  let valid = false;
  for (const secret of secrets) {
    const key = fromBase64(secret.replace(/^whsec_/, ""));
    if (key === null || key.length === 0) continue;
    const wanted = await sign("SHA-256", key, signed);
    for (const signature of given) if (signature !== null && equalBytes(wanted, signature)) valid = true;
  }
  return valid ? { id } : null;
}

type HmacSettings = SettingsOf<"hmac">;

/*
 * One signature in one header, as most systems have it. Two special cases cover the rest: when `timestampHeader` names the signature's own header,
 * that header is read as `t=<time>,<prefix><signature>` (Stripe, Sanity); and a template with `{secret}` in it is a plain hash over
 * the text with the secret in its place, not an HMAC (Cloudinary).
 */

async function verifyHmac(delivery: Delivery, secrets: readonly string[], settings: HmacSettings): Promise<Proof> {
  const value = delivery.headers.get(settings.header) ?? "";
  const inside = settings.timestampHeader?.toLowerCase() === settings.header.toLowerCase();
  const parts = inside ? value.split(",").map((part) => part.trim()) : [value.trim()];
  const signature = decode(partOf(parts, settings.prefix ?? ""), settings);
  const timestamp = inside ? partOf(parts, "t=") : delivery.headers.get(settings.timestampHeader ?? "x-none");
  const id = settings.idHeader === undefined ? null : delivery.headers.get(settings.idHeader);
  if (settings.timestampHeader !== undefined && !isFresh(timestamp ?? "", delivery.now)) return null;
  if (settings.idHeader !== undefined && (id === null || !DELIVERY_ID.test(id))) return null;
  let valid = false;
  for (const secret of secrets) {
    const wanted = await compute(settings, secret, { raw: delivery.raw, timestamp: timestamp ?? "", id: id ?? "" });
    if (signature !== null && equalBytes(wanted, signature)) valid = true;
  }
  // Anybody can write an id that is not signed, so it must not decide whether a delivery is a repeat.
  return valid ? { id: id !== null && (settings.template ?? "").includes("{id}") ? id : null } : null;
}

function partOf(parts: string[], prefix: string): string | null {
  return parts.find((part) => part.startsWith(prefix) && part.length > prefix.length)?.slice(prefix.length) ?? null;
}

function decode(text: string | null, { encoding = "hex" }: HmacSettings): Uint8Array | null {
  if (text === null) return null;
  if (encoding !== "hex") return fromBase64(text);
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function compute(
  { algorithm = "SHA-256", template = "{body}" }: HmacSettings,
  secret: string,
  parts: { raw: Uint8Array<ArrayBuffer>; timestamp: string; id: string },
): Promise<Uint8Array> {
  const message = fill(template, { ...parts, secret });
  if (template.includes("{secret}")) return new Uint8Array(await crypto.subtle.digest(algorithm, message));
  return sign(algorithm, bytesOf(secret), message);
}

/** The template with its holes filled; the body stays bytes. */
function fill(
  template: string,
  parts: { raw: Uint8Array<ArrayBuffer>; timestamp: string; id: string; secret: string },
): Uint8Array<ArrayBuffer> {
  const pieces = template.split(/(\{body\}|\{timestamp\}|\{id\}|\{secret\})/).map((piece) => {
    if (piece === "{body}") return parts.raw;
    if (piece === "{timestamp}") return parts.timestamp;
    if (piece === "{id}") return parts.id;
    return piece === "{secret}" ? parts.secret : piece;
  });
  return bytesOf(...pieces);
}

/** Texts and bytes, one after the other. */
function bytesOf(...pieces: (string | Uint8Array<ArrayBuffer>)[]): Uint8Array<ArrayBuffer> {
  const all = pieces.map((piece) => (typeof piece === "string" ? new TextEncoder().encode(piece) : piece));
  return joined(
    all,
    all.reduce((sum, piece) => sum + piece.length, 0),
  );
}

async function sign(hash: string, secret: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

/** Whether a sender's time stamp, in seconds or milliseconds, is within ±5 minutes. A zero before it could be a part of what is signed before it. */
function isFresh(timestamp: string, now: number): boolean {
  if (!/^[1-9]\d{0,13}$/.test(timestamp)) return false;
  const number = Number(timestamp);
  // Seconds stay below 10^11 until the year 5138.
  const at = number < 1e11 ? number * 1000 : number;
  return Math.abs(now - at) <= TOLERANCE_MS;
}
