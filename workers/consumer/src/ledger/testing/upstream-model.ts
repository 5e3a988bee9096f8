import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import type { Prng } from "./prng.ts";

/** Times here are seconds of the world's clock. */
export interface ModelJob {
  id: string;
  key: string;
  gen: number;
  madeAt: number;
  /** When it reads the original, and which version it read then (null: not yet). */
  readAt: number;
  version: number | null;
  doneAt: number;
  fails: boolean;
}

const REPLAY_SECONDS = 86_400;

/** Ittybit as the histories see it: slow, failing and stuck jobs, keys replayed for 24 hours, originals read late. */
export class UpstreamModel {
  readonly jobs: ModelJob[] = [];
  readonly #byIdempotencyKey = new Map<number, ModelJob>();
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  post(key: string, gen: number, now: number, faults: boolean): ModelJob {
    const known = this.#byIdempotencyKey.get(gen);
    if (known && now - known.madeAt < REPLAY_SECONDS) return known;
    const stuck = faults ? this.#prng.pick([0, 0, 0, 200, 2000]) : 0;
    const job: ModelJob = {
      id: `job${this.jobs.length}`,
      key,
      gen,
      madeAt: now,
      readAt: now + this.#prng.int(0, 3),
      version: null,
      doneAt: now + this.#prng.int(1, 8) + stuck,
      fails: faults && this.#prng.chance(0.15),
    };
    this.jobs.push(job);
    this.#byIdempotencyKey.set(gen, job);
    return job;
  }

  get(id: string): ModelJob {
    const job = this.jobs.find((one) => one.id === id);
    if (job === undefined) throw new Error(`no job ${id}`);
    return job;
  }

  tick(now: number, versionOf: (key: string) => number): void {
    for (const job of this.jobs) if (job.version === null && job.readAt <= now) job.version = versionOf(job.key);
  }

  /** Jobs that hold a slot at Ittybit and are young enough for the ledger to count them. */
  running(now: number): ModelJob[] {
    return this.jobs.filter((job) => job.doneAt > now && now - job.madeAt < JOB_DEADLINE_MS / 1000 - 60);
  }
}
