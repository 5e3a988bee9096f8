import type { Finding } from "@prewarm/control-schema/doctor";
import type { Rejection } from "@prewarm/control-schema/warm";
import type * as queue from "@prewarm/durable-queue";
import type { Drop, External } from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";
import type { Failure, FailureClass, Lane } from "@prewarm/shared/job";
import type { Rejected } from "../console/calls.ts";

/* What the calls about images take and answer. Times are Unix ms, keys are variant keys. */

/** A variant that a viewer missed. */
export interface MissAsk {
  key: string;
  /** The time of the miss, Unix ms. */
  at: number;
  /** Nobody has said yet that this image exists: its original is looked at before anything is made of the miss. */
  unknown?: boolean;
  /** How many unknown images the client's network has asked for lately before. */
  nth?: number;
  /** The URL was signed by the site. */
  signed?: boolean;
  /** The original was looked at, and nothing can be made of it. */
  refused?: Pick<Drop, "code" | "message" | "until">;
}

/** A PNG that stands in for a JPEG, though its picture is opaque. */
export interface OpaquePng {
  /** Of the JPEG. */
  key: string;
  /** No PNG under the key is of a later generation. */
  gen: number;
  /** The run of the job that has shown it; null: it has none. */
  run: string | null;
}

/** What became of a variant in a handler's hands. Times are Unix ms. */
export type VariantOutcome =
  | ({ kind: "stored"; tookMs: number } & StoredVariant)
  /** The result was already there. `posted`: false when this handler made no job. */
  | ({ kind: "present"; objectGen: number; posted: boolean } & StoredVariant)
  /** `external`: what the handler knows of the job. `origin`: the origin of its input failed, and neither the job nor the engine did. */
  | { kind: "failed"; class: FailureClass; failure: Failure; external: External; origin?: true }
  /** Nothing can be made of its original; not before `until` again. */
  | { kind: "refused"; code: string; until: number; message: string }
  /** The POST was not answered, or with a 5xx: perhaps there is a job. */
  | { kind: "unclear"; failure: Failure }
  /** A job from before a restore, which ended: it may be made from an older original. */
  | { kind: "outdated" }
  /** Our own code failed on it. An attempt, but of the same generation: what may be paid for is kept. */
  | { kind: "fault"; failure: Failure }
  | { kind: "throttled"; until: number }
  | { kind: "account"; status: number; message: string }
  /** R2 did not take the result, or it could not be fetched (`unfetched`): to be tried again from `due`. */
  | { kind: "pending"; due: number; unfetched?: UnfetchedResult }
  /** Given back without a POST. */
  | { kind: "unposted" }
  /** Given back after the POST. */
  | { kind: "stopped" };

/** What the ledger is told of a stored variant: `bytes` of its object. */
export interface StoredVariant {
  bytes: number;
}

/** Why a job that is done has no result to fetch. `status` is null when no answer came; the message names the host and its answer. */
interface UnfetchedResult {
  code: string;
  status: number | null;
  message: string;
}

/** What an exchange answers to the misses. */
export interface AnsweredMisses {
  /** Keys of unknown images whose originals are to be looked at; those that are pictures are asked for again. */
  look: string[];
  /** Keys of images of which viewers may order nothing more today: the edge should hear of it. */
  capped: string[];
}

/** Which bytes of its original a job is made from, if they are staged. */
export interface Staging {
  /** Of the bytes: jobs with one number are made from one read of the original. */
  number: number;
  /** Another open job has the same number, so the bytes are worth staging. */
  shared: boolean;
  /** Another handler prepares such a job, and may be staging the bytes. */
  elsewhere: boolean;
}

/** One original's variants in a chunk. */
export interface AcceptImage {
  id: string;
  keys: string[];
  /** Grows with every change of the original, as text that compares; null: the sender does not say. */
  order: string | null;
  /** Another etag than the image had, under a later order or none, is a new original: its variants are made anew. */
  sourceEtag: string | null;
  /** The version of the image from now on; null: none. Missing: these are single variants, which say nothing of the image. */
  announces?: string | null;
  /** What its crops are to show; null: their centre. Missing: the sender does not say, so it stays as it is. */
  focal?: Focal | null;
  /** The place in the body of the item that it comes from, for a refusal. Default 0. */
  index?: number;
}

/** `removed`: what the chunk says of removed images. `keys` are among `outdated`. Missing: it says nothing of one. */
export type AcceptAnswer = queue.ChunkAnswer & { removed?: { keys: number; rejected: Rejection[] } };

export interface AcceptChunk extends Omit<queue.AcceptChunk, "groups" | "run"> {
  run: queue.AcceptChunk["run"] & { lane: Lane };
  images: AcceptImage[];
  finish?: queue.AcceptChunk["finish"] & { rejected?: Rejected };
}

/** What a ledger that is about to be put back knows and its copy may not. */
export interface BeforeRestore extends queue.BeforeRestore {
  /** Those that are not through: number, and the image's id, encoded. */
  purges: { seq: number; id: string }[];
}

/** What the store holds within an interval of variant keys, above `from` and up to and including `to`. */
export interface StorePage {
  from: string;
  /** Null: up to the last key there is. */
  to: string | null;
  /** Taken before R2 was asked: what was stored later need not be on the page. */
  at: number;
  /** `gen` is 0 for objects that we did not put. */
  objects: { key: string; gen: number }[];
  /** Keys of variants that have a marker. */
  markers: string[];
}

export interface SliceRequest {
  page: StorePage;
  /** False: nothing is changed. */
  fix: boolean;
  /** Keep the place reached for the next cron. */
  keep: boolean;
  /** For the audit log. */
  who: string;
}

/** Images to purge or to remove, a call of an action. */
export interface ImageActionAsk {
  /** The action's id, which its caller has chosen. */
  action: string;
  kind: "purge" | "remove";
  /** Each once. */
  ids: string[];
  /** Other spellings of these ids, which go the same way and are not counted. */
  also: string[];
  /** Images of the calls before. */
  from: number;
  /** What the images are, for the log. */
  label: string | null;
  /** Null: of a purge. */
  reason: string | null;
}

/**
 * `conflict`: the id is that of another action, or the calls before had another number of images. `full`: there are too
 * many blocks. Then nothing is done, and `free` are the ids and spellings of the call that are not
 * removed.
 */
export type ImageActionAnswer = { status: "done" } | { status: "conflict" | "full"; free: string[] };

/** The version of an image that was announced last, and the number of the announcement. */
export interface Announced {
  v: string | null;
  number: number;
}

export interface SliceAnswer {
  findings: Finding[];
  /** How far the interval was looked at; null: to the end. */
  to: string | null;
  /** Variant keys whose objects, and whose markers, the caller is to delete. Empty unless `fix`. */
  objects: string[];
  markers: string[];
  /** Images locked for those deletions, given back with `doctorDone`. */
  locks: { id: string; until: number }[];
  /** By the encoded ids of the page's images: what is remembered of announcements. */
  announced: Record<string, Announced>;
}
