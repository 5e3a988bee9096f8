import type { MessageOrder } from "./message.ts";
import type { Subject } from "./subject.ts";

/** The Worker's bindings: one Durable Object, one queue, one bucket. */
export interface Platform {
  SUBJECT: DurableObjectNamespace<Subject>;
  QUEUE: Queue<MessageOrder & { sentAt: number }>;
  BUCKET: R2Bucket;
  /** Whoever does not show it is refused: on Cloudflare the Worker has a public address. */
  RUN_KEY: string;
}
