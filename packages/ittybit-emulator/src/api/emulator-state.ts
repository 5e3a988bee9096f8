import { type AdjustableClock, createAdjustableClock, createId, type EmulatorClock } from "../clock.ts";
import type { Dialect, ViewContext } from "../dialects/dialect.ts";
import { guideDialect } from "../dialects/guide-dialect.ts";
import { referenceDialect } from "../dialects/reference-dialect.ts";
import { v2025Dialect } from "../dialects/v2025-dialect.ts";
import { createFaults, type Faults } from "../faults/faults.ts";
import { type Connections, createConnections } from "../jobs/connections.ts";
import { createIdempotencyStore, type IdempotencyStore } from "../jobs/idempotency.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import { createJobRunner, type JobRunner } from "../jobs/job-runner.ts";
import { createJobStore, type JobStore } from "../jobs/job-store.ts";
import { createWebhooks, type Webhooks } from "../jobs/webhooks.ts";
import { createInputSource, type InputSource } from "../pixels/input-source.ts";
import { createRenderer, type Renderer } from "../pixels/renderer.ts";
import type { Settings } from "../settings.ts";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";
import { createRequestLog, type RequestLog } from "./request-log.ts";

/** All of the emulator's state, without the servers in front of it. */
export interface EmulatorState {
  settings: Settings;
  clock: AdjustableClock;
  store: JobStore;
  idempotency: IdempotencyStore;
  connections: Connections;
  faults: Faults;
  rateLimit: RateLimit;
  requests: RequestLog;
  renderer: Renderer;
  inputs: InputSource;
  runner: JobRunner;
  webhooks: Webhooks;
  /** Set once the servers listen. */
  apiUrl: string;
  outputUrl: string;
  /** Added to each timestamp and `Date` header: the fault of a server whose clock is wrong. */
  skewMs: number;
  /** Jobs not ended yet, and the most there ever were. */
  openJobs: number;
  peakOpenJobs: number;
  createdJobs: number;
  /** Called for each change worth a line. */
  log(event: string, fields: Record<string, unknown>): void;
}

interface EmulatorParts {
  settings: Settings;
  clock: EmulatorClock;
  concurrency: number;
  log(event: string, fields: Record<string, unknown>): void;
}

const DIALECTS: Record<Settings["profile"], Dialect> = {
  reference: referenceDialect,
  guide: guideDialect,
  v2025: v2025Dialect,
};

export function dialectAndContext(emulator: EmulatorState): { dialect: Dialect; context: ViewContext } {
  const { settings, clock, apiUrl, skewMs } = emulator;
  const newEventId = (): string => createId("evt", clock);
  return { dialect: DIALECTS[settings.profile], context: { settings, apiUrl, skewMs, newEventId, now: clock.now() } };
}

function jobEnded(emulator: EmulatorState, job: JobRecord): void {
  emulator.openJobs -= 1;
  emulator.log("job.ended", { job: job.id, status: job.status, error: job.error });
  if (job.webhookUrl === null || job.status === "cancelled") return; // no cancelled hook is documented
  const { dialect, context } = dialectAndContext(emulator);
  const stale = dialect.webhook({ ...job, status: "processing", output: null, error: null, finishedAt: null }, context);
  void emulator.webhooks.send(job.webhookUrl, job.id, dialect.webhook(job, context), stale);
}

const EXTENSIONS: Record<string, string> = { jpeg: "jpg" };

export function createEmulator({ settings, clock: base, concurrency, log }: EmulatorParts): EmulatorState {
  const clock = createAdjustableClock(base);
  const now = (): number => clock.now();
  const inputs = createInputSource(settings);
  const store = createJobStore(() => settings.maxJobs);
  const renderer = createRenderer(settings, inputs, concurrency);
  const connections = createConnections(clock, () => settings.defaultConnection);
  const runner = createJobRunner({
    settings,
    clock,
    renderer,
    store,
    outputUrlOf: (job, format) => `${emulator.outputUrl}/org_local/${job.id}.${EXTENSIONS[format] ?? format}`,
    hasConnection: (id) => connections.has(id),
    ended: (job) => jobEnded(emulator, job),
  });
  const emulator: EmulatorState = {
    ...{ settings, clock, store, connections, renderer, inputs, runner, log },
    idempotency: createIdempotencyStore(settings, now),
    faults: createFaults(clock),
    rateLimit: createRateLimit(settings, now),
    requests: createRequestLog(),
    webhooks: createWebhooks(settings, clock),
    ...{ apiUrl: "", outputUrl: "", skewMs: 0, openJobs: 0, peakOpenJobs: 0, createdJobs: 0 },
  };
  return emulator;
}

/** Forgets jobs, keys, faults, counts and cached bytes; the settings stay. */
export function resetEmulator(emulator: EmulatorState): void {
  emulator.runner.abandonAll();
  const stores = [emulator.store, emulator.idempotency, emulator.connections, emulator.faults, emulator.requests];
  for (const part of [...stores, emulator.renderer, emulator.inputs, emulator.webhooks]) part.clear();
  Object.assign(emulator, { skewMs: 0, openJobs: 0, peakOpenJobs: 0, createdJobs: 0 });
}
