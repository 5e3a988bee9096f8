import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { equalBytes } from "../../platform/secret-equality.ts";
import { type IttybitJob, readJob } from "../dialects.ts";

/** guides/webhooks-with-laravel-queues-and-events, 2026: lower-case hex of HMAC-SHA256 over the raw body; no prefix, no timestamp. */
export const SIGNATURE_HEADER = "ittybit-signature";

/** What a delivery says. */
export interface Hook {
  job: IttybitJob;
  /** Whether the body is Ittybit's for sure. Else only its id is used, and that only as a hint. */
  isSigned: boolean;
}

async function isSignedBy(raw: Uint8Array<ArrayBuffer>, signature: string, secret: string): Promise<boolean> {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const wanted = new Uint8Array(await crypto.subtle.sign("HMAC", key, raw));
  const given = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return equalBytes(wanted, given);
}

async function isSigned(raw: Uint8Array<ArrayBuffer>, signature: string, secrets: readonly string[]): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const valid = await Promise.all(
    secrets.filter((secret) => secret !== "").map((secret) => isSignedBy(raw, signature, secret)),
  );
  return valid.includes(true);
}

function jobIn(raw: Uint8Array): IttybitJob | null {
  try {
    return readJob(parseForeignJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw)));
  } catch {
    return null;
  }
}

/**
 * Reads any of the three bodies that Ittybit's guides show. Null when it names no job. Never throws.
 *
 * @param secrets values of `ITTYBIT_WEBHOOK_SECRET`; none: no body is believed
 */
export async function readHook(
  raw: Uint8Array<ArrayBuffer>,
  headers: Headers,
  secrets: readonly string[],
): Promise<Hook | null> {
  const job = jobIn(raw);
  return job && { job, isSigned: await isSigned(raw, headers.get(SIGNATURE_HEADER) ?? "", secrets) };
}
