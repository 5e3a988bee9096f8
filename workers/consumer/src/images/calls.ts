import type { Finding } from "@prewarm/control-schema/doctor";
import type { Rejection } from "@prewarm/control-schema/warm";
import type * as queue from "@prewarm/durable-queue";
import type { Drop, External } from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";
import type { Failure, FailureClass, Lane } from "@prewarm/shared/job";
import type { Rejected } from "../console/calls.ts";

/* The arguments and answers of calls about images. Times are Unix ms, keys are variant keys. */

/** A variant that a viewer missed. */
export interface MissAsk {
  key: string;
  /** The time of the miss, Unix ms. */
  at: number;
  /** No upload or order names this image, so its original is checked before its variant takes a row. */
  unknown?: boolean;
  /** The number of unknown images that the client's network has asked for lately. */
  nth?: number;
  /** The URL was signed by the site. */
  signed?: boolean;
  /** The original was checked, and cannot be used. */
  refused?: Pick<Drop, "code" | "message" | "until">;
}

/** A PNG that stands in for a JPEG, though its picture is opaque. */
export interface OpaquePng {
  /** The key of the JPEG. */
  key: string;
  /** The newest generation of these PNGs. */
  gen: number;
  /** The run of the job that has shown it. Null: that job has none. */
  run: string | null;
}

/** The outcome of a variant that a handler has held. Times are Unix ms. */
export type VariantOutcome =
  | ({ kind: "stored"; tookMs: number } & StoredVariant)
  /** The result was already there. `posted`: false when this handler made no job. */
  | ({ kind: "present"; objectGen: number; posted: boolean } & StoredVariant)
  /** `external`: the state of the engine's job. `origin`: the origin failed, and neither the job nor the engine did. */
  | { kind: "failed"; class: FailureClass; failure: Failure; external: External; origin?: true }
  /** Its original cannot be used. It is not tried again before `until`. */
  | { kind: "refused"; code: string; until: number; message: string }
  /** The POST had no answer, or a 5xx, so there may be a job. */
  | { kind: "unclear"; failure: Failure }
  /** A job from before a restore has ended, and may be made from an older original. */
  | { kind: "outdated" }
  /** Prewarm's own code failed. It is an attempt of the same generation, because its job may be paid for. */
  | { kind: "fault"; failure: Failure }
  | { kind: "throttled"; until: number }
  | { kind: "account"; status: number; message: string }
  /** R2 did not take the result, or it could not be fetched (`unfetched`). It is tried again from `due`. */
  | { kind: "pending"; due: number; unfetched?: UnfetchedResult }
  /** Given back without a POST. */
  | { kind: "unposted" }
  /** Given back after the POST. */
  | { kind: "stopped" };

export interface StoredVariant {
  /** Of its object. */
  bytes: number;
}

/**
 * Why the result of a job could not be fetched. `status` null: there was no answer. The message names the host and its
 * answer.
 */
interface UnfetchedResult {
  code: string;
  status: number | null;
  message: string;
}

/** The answer of an exchange to misses. */
export interface AnsweredMisses {
  /** Keys of unknown images whose originals the handler must check. It asks again for those that are pictures. */
  check: string[];
  /** Keys of images of which viewers may order nothing more today. The handler marks them for the edge. */
  capped: string[];
}

/** The staged bytes that a job is made from. */
export interface Staging {
  /** The number of the bytes. Jobs of one version with one number are made from one read of the original. */
  number: number;
  /** Another open job has the same number, so staging the bytes pays. */
  shared: boolean;
  /** Another handler prepares such a job, and may be staging the bytes. */
  elsewhere: boolean;
}

/** The variants of one original in a chunk. */
export interface AcceptImage {
  id: string;
  keys: string[];
  /** Text that grows with every change of the original. Null: the sender has none. */
  order: string | null;
  /** An etag that differs from the known one, under a later order or none, means a new original. */
  sourceEtag: string | null;
  /** The version of the image from now on; null: none. Missing: these are single variants, which announce none. */
  announces?: string | null;
  /** The focal point; null: the centre. Missing: it stays as it is. */
  focal?: Focal | null;
  /** The place of its item in the body, for a refusal. Default 0. */
  index?: number;
}

/**
 * `removed`: the refused variants of removed images. Their `keys` are also counted in `outdated`. Missing: there are
 * none.
 */
export type AcceptAnswer = queue.ChunkAnswer & { removed?: { keys: number; rejected: Rejection[] } };

export interface AcceptChunk extends Omit<queue.AcceptChunk, "groups" | "run"> {
  run: queue.AcceptChunk["run"] & { lane: Lane };
  images: AcceptImage[];
  finish?: queue.AcceptChunk["finish"] & { rejected?: Rejected };
}

/** The knowledge of a ledger before its restore that its copy may lack. */
export interface BeforeRestore extends queue.BeforeRestore {
  /** The unfinished ones. `id`: the image's, encoded. */
  purges: { seq: number; id: string }[];
}

/** The objects of the store in an interval of variant keys, above `from` and up to and including `to`. */
export interface StorePage {
  from: string;
  /** Null: up to the last key. */
  to: string | null;
  /** The time before R2 was asked. Objects that were put later may be missing. */
  at: number;
  /** `gen` 0: Prewarm did not put the object. */
  objects: { key: string; gen: number }[];
  /** Keys of variants that have a marker. */
  markers: string[];
}

export interface SliceRequest {
  page: StorePage;
  /** False: only reports findings. */
  fix: boolean;
  /** Keeps the place for the next cron. */
  keep: boolean;
  /** For the audit log. */
  who: string;
}

/** Images to purge or to remove, in one call of an action. */
export interface ImageActionAsk {
  /** The id of the action, chosen by the caller. */
  action: string;
  kind: "purge" | "remove";
  /** Each once. */
  ids: string[];
  /** Other spellings of these ids, which are purged too and not counted. */
  also: string[];
  /** The number of images of earlier calls. */
  from: number;
  /** A description of the images for the log. */
  label: string | null;
  /** Null for a purge. */
  reason: string | null;
}

/**
 * `conflict`: another action has the id, or earlier calls had another number of images. `full`: there are too many
 * blocks. Then no image is changed, and `free` are the ids and spellings of the call that are not removed.
 */
export type ImageActionAnswer = { status: "done" } | { status: "conflict" | "full"; free: string[] };

/** The version of an image that was announced last, and the number of the announcement. */
export interface Announced {
  v: string | null;
  number: number;
}

export interface SliceAnswer {
  findings: Finding[];
  /** The end of the compared part of the interval. Null: its end. */
  to: string | null;
  /** Variant keys whose objects, and whose markers, the caller must delete. Empty unless `fix`. */
  objects: string[];
  markers: string[];
  /** Images locked for those deletions, for `doctorDone`. */
  locks: { id: string; until: number }[];
  /** The announcements of the page's images, by their encoded ids. */
  announced: Record<string, Announced>;
}
