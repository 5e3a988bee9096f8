import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { GateFile } from "@prewarm/shared/markers";
import type { WakeUp } from "@prewarm/shared/messages";
import type { IttybitJob } from "../../ittybit/dialects.ts";
import type { AwaitedJob } from "../../ittybit/observe-jobs.ts";
import type { Log } from "../../platform/log.ts";
import type { PurgeTask } from "../protocol/purge.ts";

/** What the Ledger reaches the world through; made in ../ledger-deps.ts. */
export interface LedgerDeps {
  config: Config;
  clock: Clock;
  log: Log;
  /** A new ledger's name, part of every idempotency key; only used at birth. */
  newLedgerId(): string;
  sleep(ms: number): Promise<void>;
  /** One sendBatch to `prewarm-work`: at most 100 messages and QUEUE_BATCH_MAX_BYTES. */
  send(messages: { body: WakeUp }[]): Promise<void>;
  /** Looks which of these jobs have ended and reports them; when Ittybit asks for a pause, until when (Unix ms). */
  collect(
    open: readonly AwaitedJob[],
    observeEnded: (jobs: string[], seen?: IttybitJob[]) => Promise<void>,
  ): Promise<{ notBefore: number | null }>;
  /** Deletes an image's objects below a generation, then its markers; `goOn` renews the lock between slices and says whether to. */
  purge(task: PurgeTask, goOn: () => boolean): Promise<void>;
  /** Tells the edge which lanes are closed. */
  publishGate(file: GateFile): Promise<void>;
}
