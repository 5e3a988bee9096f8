import { DEFAULTS } from "@prewarm/shared/config";
import type { QueueConfig } from "../tables/queue-config.ts";

/** The default settings of a queue with changes to them. */
export function queueConfig(gate: Partial<QueueConfig["gate"]> = {}): QueueConfig {
  return { gate: { ...DEFAULTS.gate, ...gate }, limits: { maxAttempts: DEFAULTS.limits.maxAttempts } };
}
