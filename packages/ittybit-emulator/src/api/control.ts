import type { FaultRuleInput } from "../faults/fault-rule.ts";
import type { FaultState } from "../faults/faults.ts";
import type { JobRecord, JobStatus } from "../jobs/job-record.ts";
import type { WebhookDelivery } from "../jobs/webhooks.ts";
import { applySettings, type Settings, type SettingsPatch } from "../settings.ts";
import { type EmulatorState, resetEmulator } from "./emulator-state.ts";
import type { LoggedRequest, RequestSummary } from "./request-log.ts";
import type { TimelineEvent } from "./timeline.ts";

/** A job as the side channel shows it: with what the API does not tell. */
export interface JobSummary {
  id: string;
  status: JobStatus;
  input: string;
  options: Record<string, unknown>;
  metadata: Record<string, unknown>;
  idempotencyKey: string | null;
  error: unknown;
  outputUrl: string | null;
  downloads: number;
  createdAt: number;
  finishedAt: number | null;
}

interface JobSummaryFilter {
  input?: string | undefined;
  idempotencyKey?: string | undefined;
  status?: string | undefined;
  limit?: number | undefined;
}

export interface EmulatorStats extends RequestSummary {
  /** Jobs made since the start or the last reset; replays make none. */
  createdJobs: number;
  openJobs: number;
  peakOpenJobs: number;
}

/** The side channel, in process. `/__emulator/` offers the same over HTTP. */
export interface EmulatorControl {
  /** @throws z.ZodError for an unusable rule */
  addFault(rule: FaultRuleInput): string;
  removeFault(id: string): boolean;
  clearFaults(): void;
  faults(): FaultState[];
  settings(): Settings;
  /** Changes settings while it runs. @throws z.ZodError */
  configure(patch: SettingsPatch): void;
  stats(): EmulatorStats;
  /** The latest API calls, newest last. */
  requests(limit?: number): LoggedRequest[];
  /** Jobs still remembered, newest first. */
  jobs(filter?: JobSummaryFilter): JobSummary[];
  webhookDeliveries(): WebhookDelivery[];
  /** What happened to the jobs, with the limits in force then. */
  timeline(): TimelineEvent[];
  /** Shows every timestamp, and the `Date` header, off by `ms`. */
  skewClock(ms: number): void;
  /** Moves the emulator's time, for idempotency windows and output expiry; jobs under way keep their pace. */
  advanceClock(ms: number): void;
  /** Forgets jobs, keys, faults, counts and bytes; the settings stay. */
  reset(): void;
}

function summary(job: JobRecord): JobSummary {
  const { id, status, input, options, metadata, idempotencyKey, error, downloads, createdAt, finishedAt } = job;
  const outputUrl = job.output?.url ?? null;
  return { id, status, input, options, metadata, idempotencyKey, error, outputUrl, downloads, createdAt, finishedAt };
}

function matches(job: JobRecord, filter: JobSummaryFilter): boolean {
  return (
    (filter.input === undefined || job.input.includes(filter.input)) &&
    (filter.idempotencyKey === undefined || job.idempotencyKey === filter.idempotencyKey) &&
    (filter.status === undefined || job.status === filter.status)
  );
}

export function createControl(emulator: EmulatorState): EmulatorControl {
  const { faults, settings, requests, clock } = emulator;
  return {
    addFault: (rule) => faults.add(rule),
    removeFault: (id) => faults.remove(id),
    clearFaults: () => faults.clear(),
    faults: () => faults.list(),
    settings: () => structuredClone(settings),
    configure: (patch) => applySettings(settings, patch),
    stats() {
      const { createdJobs, openJobs, peakOpenJobs } = emulator;
      return { ...requests.summary(), createdJobs, openJobs, peakOpenJobs };
    },
    requests: (limit) => requests.recent(limit),
    jobs(filter = {}) {
      const found = [...emulator.store.all()].filter((job) => matches(job, filter)).reverse();
      return found.slice(0, filter.limit ?? found.length).map(summary);
    },
    webhookDeliveries: () => emulator.webhooks.deliveries(),
    timeline: () => emulator.timeline.events(),
    skewClock(ms) {
      emulator.skewMs = ms;
    },
    advanceClock: (ms) => clock.advance(ms),
    reset: () => resetEmulator(emulator),
  };
}
