import { DurableObject } from "cloudflare:workers";
import { openJobQueue } from "@prewarm/durable-queue";

// biome-ignore format: one call a line
export class Mails extends DurableObject<{ MAIL_API: string }> {
  queue = openJobQueue(this.ctx, { concurrency: 5, ratePerSecond: 10 }, async ({ payload, idempotencyKey, signal }) => {
    const headers = { "idempotency-key": idempotencyKey };
    const { ok, status } = await fetch(this.env.MAIL_API, { method: "POST", headers, body: payload, signal });
    if (ok) return { kind: "done" };
    if (status === 429) return { kind: "throttled", ms: 10_000 };
    if (status >= 500) throw new Error(`the mail service answers ${status}`);
    return { kind: "failed", permanent: true, failure: { code: `http_${status}`, message: "The service refuses it." } };
  });

  send(id: string, mail: string) { return this.queue.enqueue({ id, jobs: [{ group: "mail", part: id, payload: mail }] }); }
  override alarm() { return this.queue.alarm(); }
  rearm() { return this.queue.rearm(); } // from a cron, once a minute
}
