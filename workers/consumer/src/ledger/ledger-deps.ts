import type { Block } from "@prewarm/control-schema/removal";
import type { CodeVersion } from "@prewarm/control-schema/words";
import type { QueueDeps } from "@prewarm/durable-queue";
import type { Config } from "@prewarm/shared/config";
import type { GateFile } from "@prewarm/shared/markers";
import type { Found, GoOn, Pass } from "../images/sweeps.ts";

/** What the Ledger reaches the world through; made in ../ledger-deps.ts. */
export interface LedgerDeps extends QueueDeps {
  config: Config;
  /** Where the dashboard is, without a slash at the end. Null: the configuration does not say. */
  controlUrl: string | null;
  /** Of the code that runs. */
  version: CodeVersion | null;
  /**
   * Makes a pass over an image's objects in R2: deletes them, or returns the variants. `goOn` renews the lock before each
   * delete and says whether to.
   */
  sweep(pass: Pass, goOn: GoOn): Promise<Found[]>;
  /** The blocks of removed images that R2 has. Throws when R2 does not answer. */
  listBlocks(): Promise<Block[]>;
  /**
   * Puts the changes object, by which edges know which images have changed. Takes as long as R2 wants between two puts of it, and calls `next`
   * for the text just before the put.
   */
  putChanges(next: () => string | null): Promise<void>;
  /** Tells the edge which lanes are closed. */
  publishGate(file: GateFile): Promise<void>;
  /** Sends a signed event to an endpoint of the configuration; what it answered. Throws when it does not answer. */
  deliver(event: { id: string; endpoint: string; at: number; body: string }): Promise<{ status: number; said: string }>;
}
