import type { CodeVersion } from "@prewarm/control-schema/words";
import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { GateFile } from "@prewarm/shared/markers";
import type { Log } from "../../platform/log.ts";
import type { WatchExternalJobs } from "../external-jobs.ts";
import type { Found, Pass } from "../protocol/sweeps.ts";

/** What the Ledger reaches the world through; made in ../ledger-deps.ts. */
export interface LedgerDeps {
  config: Config;
  clock: Clock;
  log: Log;
  /** Of the code that runs. */
  version: CodeVersion | null;
  /** A new ledger's name, part of every idempotency key; only used at birth. */
  newLedgerId(): string;
  /** 32 bytes of chance in base64url: of the addresses that Ittybit calls. Only used when webhooks are on for the first time. */
  newHookKey(): string;
  sleep(ms: number): Promise<void>;
  /** The work, or an error once this many ms are over; its timer is cleared when the work is done. */
  within<T>(work: Promise<T>, ms: number): Promise<T>;
  /** Puts this many wake-ups into `prewarm-work`. */
  send(wakeUps: number): Promise<void>;
  watchExternalJobs: WatchExternalJobs;
  /**
   * Makes a pass over an image's objects in R2: deletes them, or returns the variants. `goOn` renews the lock before each
   * delete and says whether to.
   */
  sweep(pass: Pass, goOn: () => boolean): Promise<Found[]>;
  /** Tells the edge which lanes are closed. */
  publishGate(file: GateFile): Promise<void>;
  /** Sends a signed event to an endpoint of the configuration; what it answered. Throws when it does not answer. */
  deliver(event: { id: string; endpoint: string; at: number; body: string }): Promise<{ status: number; said: string }>;
}
