import { createHmac, timingSafeEqual } from "node:crypto";
import { parseForeignJson } from "../../packages/shared/src/foreign-json.ts";
import { type IttybitJob, readJob } from "../../workers/consumer/src/ittybit/dialects.ts";

/** guides/webhooks-with-laravel-queues-and-events, 2026: lower-case hex of HMAC-SHA256 over the raw body; no prefix, no timestamp. */
export const SIGNATURE_HEADER = "ittybit-signature";

/** Whether one of the secrets (`ITTYBIT_WEBHOOK_SECRET`) signed these bytes. An empty secret signs nothing. */
export function isSigned(raw: Uint8Array, headers: Headers, secrets: readonly string[]): boolean {
  const signature = headers.get(SIGNATURE_HEADER) ?? "";
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const given = Buffer.from(signature, "hex");
  const known = secrets.filter((secret) => secret !== "");
  return known.some((secret) => timingSafeEqual(createHmac("sha256", secret).update(raw).digest(), given));
}

/** The job that a webhook's body shows, in any shape of Ittybit's guides. Null when it names no job. Never throws. */
export function jobIn(raw: Uint8Array): IttybitJob | null {
  try {
    return readJob(parseForeignJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw)));
  } catch {
    return null;
  }
}
