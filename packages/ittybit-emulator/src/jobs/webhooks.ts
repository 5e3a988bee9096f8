import { createHmac } from "node:crypto";
import { type EmulatorClock, wait } from "../clock.ts";
import type { Settings } from "../settings.ts";

/** How long a receiver may take to answer (documented for the 2025 dialects). */
const TIMEOUT_MS = 5000;

export interface WebhookDelivery {
  url: string;
  jobId: string;
  attempt: number;
  /** HTTP status, or 0 when there was no answer. */
  status: number;
  headers: Record<string, string>;
  /** The bytes that were signed. */
  body: string;
}

export interface Webhooks {
  /** Delivers `body`, and retries. */
  send(url: string, jobId: string, body: unknown): Promise<void>;
  /** The latest deliveries, oldest first. */
  deliveries(): WebhookDelivery[];
  clear(): void;
}

const KEPT = 500;

/** Lower-case hex, no prefix, no timestamp (guides/webhooks-with-laravel-queues-and-events). */
function signatureOf(body: string, { secret, signature }: Settings["webhooks"]): Record<string, string> {
  if (secret === null || signature === "absent") return {};
  const key = signature === "right" ? secret : `not ${secret}`;
  return { "ittybit-signature": createHmac("sha256", key).update(body).digest("hex") };
}

/** At-least-once delivery with exponential backoff. The number of attempts is the emulator's guess. */
export function createWebhooks(settings: Settings, clock: EmulatorClock, fetcher: typeof fetch = fetch): Webhooks {
  let made: WebhookDelivery[] = [];

  async function post(url: string, jobId: string, body: string, attempt: number): Promise<boolean> {
    const headers = {
      "content-type": "application/json",
      "user-agent": "ittybit-emulator",
      ...signatureOf(body, settings.webhooks),
    };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const status = await fetcher(url, { method: "POST", headers, body, redirect: "manual", signal }).then(
      async (response) => {
        await response.body?.cancel();
        return response.status;
      },
      () => 0,
    );
    made = [...made.slice(-KEPT + 1), { url, jobId, attempt, status, headers, body }];
    return status >= 200 && status < 300;
  }

  async function deliver(url: string, jobId: string, body: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { attempts, backoffMs } = settings.webhooks;
      if ((await post(url, jobId, body, attempt)) || attempt >= attempts) return;
      await wait(clock, backoffMs * 2 ** (attempt - 1));
    }
  }

  return {
    async send(url, jobId, body) {
      const { lossRate, delayMs, duplicate } = settings.webhooks;
      if (lossRate > 0 && clock.random() < lossRate) return;
      const text = JSON.stringify(body);
      await wait(clock, delayMs);
      await deliver(url, jobId, text);
      if (duplicate) await deliver(url, jobId, text);
    },
    deliveries: () => made,
    clear() {
      made = [];
    },
  };
}
