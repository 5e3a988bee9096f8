import { within } from "@prewarm/durable-queue";
import type { HandleEvent, OutgoingEvent } from "@prewarm/shared/events";
import { SITE_FUNCTION_MS } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import { Webhook } from "standardwebhooks";

const SAID_MAX_BYTES = 200;

/** Answers as an endpoint would: 200, or 0 with the reason when the site's function throws or takes longer than `SITE_FUNCTION_MS`. */
export async function handleEvent(
  handle: HandleEvent,
  event: { id: string; body: string },
  secrets: readonly string[],
): Promise<{ status: number; said: string }> {
  const told = { id: event.id, ...(JSON.parse(event.body) as Omit<OutgoingEvent, "id">) };
  try {
    await within(
      Promise.resolve().then(() => handle(told, secrets)),
      SITE_FUNCTION_MS,
    );
    return { status: 200, said: "handled" };
  } catch (error) {
    // A viewer of the dashboard sees the reason.
    return { status: 0, said: errorText(error, secrets) };
  }
}

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
