import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { equalBytes } from "../platform/secret-equality.ts";
import { type IttybitJob, readJob } from "./dialects.ts";

/** guides/webhooks-with-laravel-queues-and-events, 2026: lower-case hex of HMAC-SHA256 over the raw body; no prefix, no timestamp. */
export const SIGNATURE_HEADER = "ittybit-signature";

async function signatureOf(raw: Uint8Array<ArrayBuffer>, secret: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, raw));
}

/** Whether one of the secrets (`ITTYBIT_WEBHOOK_SECRET`) signed these bytes. An empty secret signs nothing. */
export async function isSigned(
  raw: Uint8Array<ArrayBuffer>,
  headers: Headers,
  secrets: readonly string[],
): Promise<boolean> {
  const signature = headers.get(SIGNATURE_HEADER) ?? "";
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const given = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const signatures = await Promise.all(secrets.filter((one) => one !== "").map((one) => signatureOf(raw, one)));
  return signatures.some((one) => equalBytes(one, given));
}

/** The job that a webhook's body shows, in any shape of Ittybit's guides. Null when it names no job. Never throws. */
export function jobIn(raw: Uint8Array): IttybitJob | null {
  try {
    return readJob(parseForeignJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw)));
  } catch {
    return null;
  }
}
