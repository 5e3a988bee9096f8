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
}

export interface Webhooks {
  /** Delivers `body`, and retries; `stale` is what a reordered delivery sends afterwards. */
  send(url: string, jobId: string, body: unknown, stale: unknown): Promise<void>;
  /** The latest deliveries, oldest first. */
  deliveries(): WebhookDelivery[];
  clear(): void;
}

const KEPT = 500;

/** At-least-once delivery with exponential backoff. The number of attempts is the emulator's guess. */
export function createWebhooks(settings: Settings, clock: EmulatorClock, fetcher: typeof fetch = fetch): Webhooks {
  let made: WebhookDelivery[] = [];

  async function post(url: string, jobId: string, body: unknown, attempt: number): Promise<boolean> {
    const headers = { "content-type": "application/json", "user-agent": "ittybit-emulator" };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const request = { method: "POST", headers, body: JSON.stringify(body), redirect: "manual", signal } as const;
    const status = await fetcher(url, request).then(
      async (response) => {
        await response.body?.cancel();
        return response.status;
      },
      () => 0,
    );
    made = [...made.slice(-KEPT + 1), { url, jobId, attempt, status }];
    return status >= 200 && status < 300;
  }

  async function deliver(url: string, jobId: string, body: unknown): Promise<void> {
    for (let attempt = 1; attempt <= settings.webhooks.attempts; attempt += 1) {
      if (await post(url, jobId, body, attempt)) return;
      await wait(clock, settings.webhooks.backoffMs * 2 ** (attempt - 1));
    }
  }

  return {
    async send(url, jobId, body, stale) {
      const { never, delayMs, duplicate, reorder } = settings.webhooks;
      if (never) return;
      await wait(clock, delayMs);
      await deliver(url, jobId, body);
      if (duplicate) await deliver(url, jobId, body);
      if (reorder) await deliver(url, jobId, stale);
    },
    deliveries: () => made,
    clear() {
      made = [];
    },
  };
}
