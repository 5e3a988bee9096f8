import type { ExternalJob, WatchExternalJobs } from "@prewarm/durable-queue";
import type { Format } from "@prewarm/shared/config";
import type { Focal } from "@prewarm/shared/focal";
import type { Failure, FailureClass } from "@prewarm/shared/job";
import type { Transform } from "@prewarm/shared/transform";
import type { Size } from "./output/expected-size.ts";

/*
 * The one door to the service that makes variants. `compose.ts` makes the engine; nothing else knows which service it is.
 */

/** Makes variants. Results are values; nothing throws. */
export interface Engine {
  /** The format in which it makes a variant of this format; `alpha`: the picture may have transparent parts. */
  formatOf(asked: Format, alpha: boolean): Format;
  /** Asks for the one job of a generation. The same order never makes a second job. */
  submit(order: Order): Promise<Submitted>;
  /** Watches the open jobs of a ledger, and reports how they end. */
  readonly observe: WatchExternalJobs;
  /** What became of a job, by its latest observation. Makes no call. */
  resultOf(job: WatchedJob): Result;
}

/** Names a generation, and its one job. */
export interface Generation {
  ledger: string;
  gen: number;
  /** The variant's key. */
  key: string;
}

export interface Order extends Generation {
  /** As the key says. */
  transform: Transform;
  /** The format that is made. */
  format: Format;
  /** The original's; null: it has none. */
  etag: string | null;
  /** The original may have transparent parts. */
  alpha: boolean;
  /** The original's pixels; null: not known. */
  size: Size | null;
  /** What a crop is to show; null: the centre. */
  focal: Focal | null;
  /** The URL of the original. */
  input: string;
  /** An earlier order of this generation may have arrived. */
  again: boolean;
}

export type Submitted =
  /** `createdAt`: by the service's clock, Unix ms; null: not known. */
  | { kind: "made"; job: string; createdAt: number | null }
  /** The service takes no order until then, Unix ms. */
  | { kind: "throttled"; until: number }
  /** The service refuses the whole account. */
  | { kind: "account"; status: number; message: string }
  /** This order is refused. It made no job; an earlier one may have. */
  | { kind: "rejected"; failure: Failure }
  /** The service has a job of another variant for this generation. */
  | { kind: "taken"; failure: Failure }
  /** No answer that tells whether there is a job. */
  | { kind: "unclear"; failure: Failure };

export interface WatchedJob {
  generation: Generation;
  /** As it was observed last. */
  job: ExternalJob;
  /** When its order was admitted, Unix ms. */
  admittedAt: number;
  /** Its result could not be fetched before. */
  isRetry: boolean;
}

/** What a job was ordered as. `format` null: as the key says. `size`: of the result; null: not known. */
export interface Made extends Pick<Order, "etag" | "alpha"> {
  format: Format | null;
  size: Size | null;
}

export type Result =
  | Finished
  /** Its result is not there yet. */
  | { kind: "later" }
  | Failed;

export interface Finished {
  kind: "finished";
  /** Null: the job does not show it. */
  made: Made | null;
  /** Asks for the result's bytes. */
  open(): Promise<Opened>;
}

/** The job has ended, and gives no result. */
export interface Failed {
  kind: "failed";
  class: FailureClass;
  failure: Failure;
}

export type Opened = Download | { kind: "later" };

export type Download =
  /** The body is not read yet: `bytes` is the most it may take, so that the caller can make room first. */
  { kind: "open"; bytes: number; read(): Promise<Body> } | Unfetched | Failed;

/** `from` says where the bytes are from, for a message about them. */
export type Body = { kind: "bytes"; bytes: Uint8Array; from: string } | Unfetched | Failed;

/**
 * The result exists or did, and cannot be fetched now: no failure of the job. `status` is null when no answer came. The
 * message holds no secret.
 */
export interface Unfetched {
  kind: "unfetched";
  code: "output_private" | "output_expired" | "output_unreachable" | "output_invalid";
  status: number | null;
  message: string;
}
