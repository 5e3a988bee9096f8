import type { Settings } from "@prewarm/shared/config";

/** The settings of a queue. */
export interface QueueConfig {
  /** Pause, budget, rate, slots: the defaults that operators may override. */
  gate: Settings["gate"];
  limits: {
    /** Failed attempts after which a job is a dead letter. */
    maxAttempts: number;
  };
}
