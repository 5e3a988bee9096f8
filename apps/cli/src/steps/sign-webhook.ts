import { createHmac, randomBytes } from "node:crypto";
import { usageError } from "../platform/exit-codes.ts";

/** Secret sizes that the Standard Webhooks specification allows, in bytes. */
const SECRET_BYTES = { min: 24, max: 64 };

/** The three headers of a Standard Webhooks delivery (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`. */
export function signWebhook(
  body: string,
  secret: string,
  id: string,
  timestampSeconds: number,
): Record<string, string> {
  const signature = createHmac("sha256", readSecret(secret))
    .update(`${id}.${timestampSeconds}.`)
    .update(body)
    .digest("base64");
  return { "webhook-id": id, "webhook-timestamp": `${timestampSeconds}`, "webhook-signature": `v1,${signature}` };
}

export function newWebhookId(): string {
  return `msg_${randomBytes(12).toString("hex")}`;
}

function readSecret(secret: string): Buffer {
  const bytes = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (!secret.startsWith("whsec_") || bytes.length < SECRET_BYTES.min || bytes.length > SECRET_BYTES.max)
    throw usageError("HOOK_SECRET is not whsec_ and the base64 of 24 to 64 bytes.");
  return bytes;
}
