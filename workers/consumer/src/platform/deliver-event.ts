import { Webhook } from "standardwebhooks";

const SAID_MAX_BYTES = 200;

/** An event signed as Standard Webhooks want it, with each secret, so that a receiver may change over at its own time. */
export async function deliverEvent(
  event: { id: string; endpoint: string; at: number; body: string },
  secrets: readonly string[],
  send: typeof fetch,
): Promise<{ status: number; said: string }> {
  const at = new Date(event.at);
  const response = await send(event.endpoint, {
    method: "POST",
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      "webhook-id": event.id,
      "webhook-timestamp": String(Math.floor(event.at / 1000)),
      "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(event.id, at, event.body)).join(" "),
    },
    body: event.body,
  });
  return { status: response.status, said: await start(response) };
}

/** The first words of an answer, whatever its length. */
async function start(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value?.slice(0, SAID_MAX_BYTES));
}
