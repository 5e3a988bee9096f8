import { DurableObject } from "cloudflare:workers";
import { type EnqueueAnswer, openJobQueue, type Result } from "@prewarm/durable-queue";
import { LIMITS } from "./limits.ts";

/** A webhook. Of one receiver (host), an `id` is one delivery. */
export interface Delivery {
  id: string;
  url: string;
  body: unknown;
}

/** Wait of a delivery whose receiver answers 429 without a `Retry-After`, in ms. */
const LATER_MS = 5_000;

/** Webhooks to receivers that may be slow or fail. */
export class Webhooks extends DurableObject<object> {
  readonly #queue;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#queue = openJobQueue(ctx, LIMITS, ({ payload, idempotencyKey, signal }) => {
      const { url, body } = JSON.parse(payload) as Delivery;
      return deliver(url, JSON.stringify(body), { idempotencyKey, signal });
    });
  }

  /** Accepts at most 1,000 deliveries. The same `batch` again is accepted once. */
  accept(batch: string, deliveries: Delivery[]): EnqueueAnswer {
    const jobs = deliveries.map(({ id, url, body }) => {
      return { group: new URL(url).host, part: id, payload: JSON.stringify({ url, body }) };
    });
    return this.#queue.enqueue({ id: batch, jobs });
  }

  /** Sets an alarm that was lost, and deletes old rows. */
  rearm(): Promise<void> {
    return this.#queue.rearm();
  }

  override alarm(): Promise<void> {
    return this.#queue.alarm();
  }
}

/** Posts a webhook. An error of `fetch` is an unclear result: the receiver may have the webhook. */
async function deliver(
  url: string,
  body: string,
  { idempotencyKey, signal }: { idempotencyKey: string; signal: AbortSignal },
): Promise<Result> {
  const headers = { "content-type": "application/json", "idempotency-key": idempotencyKey };
  const answer = await fetch(url, { method: "POST", headers, body, signal });
  await answer.body?.cancel();
  const { status } = answer;
  const failure = { code: `http_${status}`, message: `${new URL(url).host} answers ${status}.`, httpStatus: status };
  if (answer.ok) return { kind: "done" };
  if (status === 429) return { kind: "later", ms: 1_000 * Number(answer.headers.get("retry-after")) || LATER_MS };
  // The receiver may have failed after it took the webhook.
  if (status >= 500 || status === 408) return { kind: "unclear", failure };
  return { kind: "failed", failure, permanent: true };
}
