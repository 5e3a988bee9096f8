import { type AdjustableClock, createAdjustableClock, createId, type EmulatorClock } from "../clock.ts";
import type { Dialect, ViewContext } from "../dialects/dialect.ts";
import { guideDialect } from "../dialects/guide-dialect.ts";
import { referenceDialect } from "../dialects/reference-dialect.ts";
import { sdkDialect } from "../dialects/sdk-dialect.ts";
import { v2025Dialect } from "../dialects/v2025-dialect.ts";
import { createFaults, type Faults } from "../faults/faults.ts";
import { type Connections, createConnections } from "../jobs/connections.ts";
import { createEndpoints, type Endpoints } from "../jobs/endpoints.ts";
import { createIdempotencyStore, type IdempotencyStore } from "../jobs/idempotency.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import { createJobRunner, type JobRunner } from "../jobs/job-runner.ts";
import { createJobStore, type JobStore } from "../jobs/job-store.ts";
import { createWebhooks, type Webhooks } from "../jobs/webhooks.ts";
import { createInputSource } from "../pixels/input-source.ts";
import { createRenderer, type Renderer } from "../pixels/renderer.ts";
import type { Settings } from "../settings.ts";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";
import { createRequestLog, type RequestLog } from "./request-log.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

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
  runner: JobRunner;
  webhooks: Webhooks;
  endpoints: Endpoints;
  timeline: Timeline;
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
  sdk: sdkDialect,
  v2025: v2025Dialect,
};

export function dialectAndContext(
  emulator: EmulatorState,
  version: string | null = null,
): { dialect: Dialect; context: ViewContext } {
  const { settings, clock, apiUrl, skewMs } = emulator;
  const newEventId = (): string => createId("evt", clock);
  return { dialect: DIALECTS[settings.profile], context: { apiUrl, skewMs, version, newEventId, now: clock.now() } };
}

function sendWebhooks(emulator: EmulatorState, job: JobRecord): void {
  const { settings, endpoints, clock, webhooks } = emulator;
  if (job.status === "cancelled") return; // none is documented
  const { dialect, context } = dialectAndContext(emulator);
  const topic = `task.${job.status}`;
  const urls = [job.webhookUrl, ...(dialect.endpoints ? endpoints.urlsFor(topic) : [])].filter((url) => url !== null);
  const shown = settings.webhooks.foreignId ? { ...job, id: createId(dialect.idPrefix, clock) } : job;
  const body = dialect.webhook(shown, context);
  for (const url of urls) void webhooks.send(url, job.id, body);
}

function jobEnded(emulator: EmulatorState, job: JobRecord): void {
  emulator.openJobs -= 1;
  emulator.timeline.add("ended", job, emulator.openJobs);
  emulator.log("job.ended", { job: job.id, status: job.status, error: job.error });
  sendWebhooks(emulator, job);
}

function maxInputEdge({ maxInputEdge: set, profile }: Settings): number | null {
  return set === "profile" ? DIALECTS[profile].maxInputEdge : set;
}

const EXTENSIONS: Record<string, string> = { jpeg: "jpg" };

export function createEmulator({ settings, clock: base, concurrency, log }: EmulatorParts): EmulatorState {
  const clock = createAdjustableClock(base);
  const now = (): number => clock.now();
  const store = createJobStore(() => settings.maxJobs);
  const renderer = createRenderer(settings, createInputSource(settings), concurrency);
  const connections = createConnections(clock, () => settings.defaultConnection);
  const runner = createJobRunner({
    settings,
    clock,
    renderer,
    store,
    outputUrlOf: (job, format) => `${emulator.outputUrl}/org_local/${job.fileId}.${EXTENSIONS[format] ?? format}`,
    hasConnection: (id) => connections.has(id),
    maxInputEdge: () => maxInputEdge(settings),
    ended: (job) => jobEnded(emulator, job),
  });
  const emulator: EmulatorState = {
    settings,
    clock,
    store,
    connections,
    renderer,
    runner,
    log,
    idempotency: createIdempotencyStore(settings, now),
    faults: createFaults(clock),
    rateLimit: createRateLimit(settings, now),
    requests: createRequestLog(),
    webhooks: createWebhooks(settings, clock),
    endpoints: createEndpoints(settings, clock),
    timeline: createTimeline(settings, now),
    apiUrl: "",
    outputUrl: "",
    skewMs: 0,
    openJobs: 0,
    peakOpenJobs: 0,
    createdJobs: 0,
  };
  return emulator;
}

/** Forgets jobs, keys, faults, counts and cached bytes; the settings stay. */
export function resetEmulator(emulator: EmulatorState): void {
  emulator.runner.abandonAll();
  const stores = [emulator.store, emulator.idempotency, emulator.connections, emulator.faults, emulator.requests];
  const others = [emulator.renderer, emulator.webhooks, emulator.endpoints, emulator.timeline];
  for (const part of [...stores, ...others]) part.clear();
  Object.assign(emulator, { skewMs: 0, openJobs: 0, peakOpenJobs: 0, createdJobs: 0 });
}
