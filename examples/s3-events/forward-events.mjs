// An AWS Lambda function for S3 event notifications (or an EventBridge rule): sends the event on as it is, signed.
// The hook's mapper is `s3`: it decodes the keys, sorts out what is no picture, and keeps events in order.
import { createHmac } from "node:crypto";

/** Throws when Prewarm did not take it, so that Lambda tries again; the same event under the same id is done once. */
export async function handler(
  event,
  context,
  { url = process.env.HOOK_URL, secret = process.env.HOOK_SECRET, fetch = globalThis.fetch } = {},
) {
  const id = context.awsRequestId; // Lambda's own tries share it.
  const body = JSON.stringify(event);
  const time = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  const headers = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": `v1,${signature}` };
  const answer = await fetch(url, { method: "POST", body, headers });
  if (!answer.ok) throw new Error(`the hook answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
