import type { Clock } from "../clock.ts";
import type { WatchExternalJobs } from "../external-jobs.ts";
import type { Log } from "../log.ts";

/** What a queue reaches the world through. */
export interface QueueDeps {
  clock: Clock;
  log: Log;
  /** A new queue's name, part of every idempotency key; only used at birth. */
  newQueueId(): string;
  sleep(ms: number): Promise<void>;
  /** The work, or an error once this many ms are over; its timer is cleared when the work is done. */
  within<T>(work: Promise<T>, ms: number): Promise<T>;
  /** Wakes this many handlers, for example by messages in a Cloudflare Queue. */
  send(wakeUps: number): Promise<void>;
  watchExternalJobs: WatchExternalJobs;
}
