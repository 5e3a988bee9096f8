import { createHash } from "node:crypto";
import { ApiError } from "../errors.ts";
import type { Settings } from "../settings.ts";
import type { JobRecord } from "./job-record.ts";

/** How long a key is remembered (ittybit.com/api). */
const IDEMPOTENCY_WINDOW_MS = 24 * 60 * 60 * 1000;

interface Entry {
  job: JobRecord;
  bodyHash: string;
  at: number;
}

export interface IdempotencyStore {
  /**
   * The job a key already stands for, or undefined.
   * @throws ApiError 409 or 422 for another body, when the settings ask for that
   */
  find(scope: string, key: string, body: string): JobRecord | undefined;
  remember(scope: string, key: string, body: string, job: JobRecord): void;
  clear(): void;
}

function hashOf(body: string): string {
  return createHash("sha1").update(body).digest("base64url");
}

/**
 * Keys per API key (the service does not say whether they are per key or per project). Only created jobs are
 * remembered, never an error. Beyond the settings' `maxJobs` the oldest key is forgotten early, to bound memory.
 */
export function createIdempotencyStore(settings: Settings, now: () => number): IdempotencyStore {
  const entries = new Map<string, Entry>();
  return {
    find(scope, key, body) {
      const name = `${scope} ${key}`;
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      if (now() - entry.at >= IDEMPOTENCY_WINDOW_MS) {
        entries.delete(name);
        return undefined;
      }
      if (settings.idempotencyConflict !== "replay" && entry.bodyHash !== hashOf(body)) {
        const message = "this Idempotency-Key was used with another body";
        throw new ApiError(settings.idempotencyConflict, "idempotency_conflict", message);
      }
      return entry.job;
    },
    remember(scope, key, body, job) {
      entries.set(`${scope} ${key}`, { job, bodyHash: hashOf(body), at: now() });
      for (const oldest of entries.keys()) {
        if (entries.size <= Math.max(1, settings.maxJobs)) break;
        entries.delete(oldest);
      }
    },
    clear: () => entries.clear(),
  };
}
