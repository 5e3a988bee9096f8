// biome-ignore-all format: one call a line
import { DurableObject } from "cloudflare:workers";
import { openJobQueue } from "@prewarm/durable-queue";

/** A mail that is due at a time (Unix ms), and with `everyMs` again so long after it. */
export interface Mail { id: string; at: number; everyMs?: number; to: string; text: string }

export class Mails extends DurableObject<{ MAIL_API: string }> {
  queue = openJobQueue(this.ctx, { concurrency: 5, ratePerSecond: 10 }, async ({ payload, idempotencyKey, signal }) => {
    const mail: Mail = JSON.parse(payload);
    if (mail.everyMs) this.send({ ...mail, at: mail.at + mail.everyMs });
    const headers = { "idempotency-key": idempotencyKey };
    const { ok, status } = await fetch(this.env.MAIL_API, { method: "POST", headers, body: payload, signal });
    if (ok) return { kind: "done" };
    if (status === 429) return { kind: "throttled", ms: 10_000 };
    if (status >= 500) throw new Error(`the mail service answers ${status}`);
    return { kind: "failed", permanent: true, failure: { code: `http_${status}`, message: "The service refuses it." } };
  });

  send(mail: Mail) {
    const job = { group: mail.id, part: `${mail.at}`, at: mail.at, payload: JSON.stringify(mail) };
    return this.queue.enqueue({ id: `${job.group} ${job.part}`, jobs: [job] });
  }
  cancel(id: string) { for (const job of this.queue.jobs({ group: id }).jobs) this.queue.cancel(job); }
  override alarm() { return this.queue.alarm(); }
  rearm() { return this.queue.rearm(); } // from a cron, once a minute
}
