import type { JobQueueOptions } from "@prewarm/durable-queue";

/** For all receivers together. A call that has not ended after `callMs` is repeated under its key. */
export const LIMITS: JobQueueOptions & { burst: number } = {
  concurrency: 20,
  ratePerSecond: 40,
  burst: 10,
  maxAttempts: 8,
  callMs: 10_000,
};
