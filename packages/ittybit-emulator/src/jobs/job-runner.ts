import { type EmulatorClock, wait } from "../clock.ts";
import { JobFailure } from "../errors.ts";
import type { JobFault } from "../faults/fault-rule.ts";
import type { Encoded, RenderPlan } from "../pixels/real-pixels.ts";
import type { Renderer } from "../pixels/renderer.ts";
import { writeToS3 } from "../pixels/s3-directory.ts";
import type { Settings } from "../settings.ts";
import { beginStage, ENCODE, EXPORT, finish, IMPORT, type JobRecord, PROBE } from "./job-record.ts";
import type { JobStore } from "./job-store.ts";

/** Share of its drawn time that a job spends queued. */
const QUEUED_SHARE = 0.3;

interface RunnerDeps {
  settings: Settings;
  clock: EmulatorClock;
  renderer: Renderer;
  store: JobStore;
  /** Where an output of Ittybit's own store is served. */
  outputUrlOf(job: JobRecord, format: string): string;
  hasConnection(id: string | undefined): boolean;
  /** Longest edge of an input in pixels; null is any. */
  maxInputEdge(): number | null;
  /** Called once per job, when it has ended. */
  ended(job: JobRecord): void;
}

export interface JobRunner {
  start(job: JobRecord, faults: JobFault[]): void;
  /** Drops every job under way: its steps end without effect. */
  abandonAll(): void;
}

type FaultOf<T extends JobFault["type"]> = Extract<JobFault, { type: T }>;

function find<T extends JobFault["type"]>(faults: JobFault[], type: T): FaultOf<T> | undefined {
  return faults.find((fault): fault is FaultOf<T> => fault.type === type);
}

function wrongSize(faults: JobFault[], job: JobRecord): Partial<RenderPlan> {
  const fault = find(faults, "wrong_dimension");
  if (fault === undefined) return {};
  const half = (asked: unknown, source: number): number =>
    Math.max(1, Math.floor((typeof asked === "number" ? asked : source) / 2));
  return {
    width: fault.width ?? half(job.options.width, job.source?.width ?? 2),
    height: fault.height ?? half(job.options.height, job.source?.height ?? 2),
  };
}

function errorOf(cause: unknown): object {
  if (cause instanceof JobFailure) return { kind: cause.kind, message: cause.message };
  return { kind: "internal_error", message: cause instanceof Error ? cause.message : String(cause) };
}

type Ending = "succeeded" | "failed" | "cancelled";

async function exportOutput(deps: RunnerDeps, job: JobRecord, key: string, encoded: Encoded): Promise<void> {
  const { bytes, ...file } = encoded;
  let url = deps.outputUrlOf(job, file.format);
  if (job.requestedOutput !== null) {
    if (!deps.hasConnection(job.options.connection_id)) {
      throw new JobFailure("connection_required", "writing to S3 needs a connection");
    }
    await writeToS3(deps.settings.s3Directory, job.requestedOutput, bytes);
    url = job.requestedOutput;
  }
  job.output = { ...file, url, cacheKey: key, bytes: bytes.byteLength };
}

async function takeSteps(deps: RunnerDeps, job: JobRecord, faults: JobFault[], restMs: number): Promise<Ending> {
  const { clock, renderer } = deps;
  beginStage(job, IMPORT, clock.now());
  const source = await renderer.open(job);
  job.source = { width: source.width, height: source.height, format: source.format };
  const longest = deps.maxInputEdge();
  if (longest !== null && Math.max(source.width, source.height) > longest)
    throw new JobFailure("input_too_large", `the input is larger than ${longest} pixels on its longest edge`);
  beginStage(job, ENCODE, clock.now());
  const failed = find(faults, "failed");
  const { key, encoded } = await renderer.render(job, source, wrongSize(faults, job));
  await wait(clock, restMs + (find(faults, "slow")?.ms ?? 0));
  if (failed) {
    job.error = failed.error;
    return "failed";
  }
  if (find(faults, "cancelled")) return "cancelled";
  beginStage(job, EXPORT, clock.now());
  if (!find(faults, "output_missing")) await exportOutput(deps, job, key, encoded);
  return "succeeded";
}

/** Takes each job from queued through probe, import, encode and export; how long that takes is drawn from the settings. */
export function createJobRunner(deps: RunnerDeps): JobRunner {
  const { settings, clock } = deps;
  let era = 0;

  async function run(job: JobRecord, faults: JobFault[]): Promise<void> {
    const mine = era;
    const { min, max } = settings.jobMs;
    const totalMs = min + (max - min) * clock.random();
    await wait(clock, totalMs * QUEUED_SHARE);
    if (mine !== era) return;
    beginStage(job, PROBE, clock.now());
    if (find(faults, "stuck")) return;
    const ending = await takeSteps(deps, job, faults, totalMs * (1 - QUEUED_SHARE)).catch((cause: unknown): Ending => {
      job.error = errorOf(cause);
      return "failed";
    });
    if (mine !== era) return;
    finish(job, ending, clock.now());
    deps.store.finished(job);
    deps.ended(job);
  }

  return {
    start: (job, faults) => void run(job, faults),
    abandonAll() {
      era += 1;
    },
  };
}
