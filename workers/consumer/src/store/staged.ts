import type { ImageType } from "@prewarm/shared/image-header-type";
import { LEFT_OUT, type LeftOut } from "@prewarm/shared/image-info";
import type { StagedName } from "@prewarm/shared/staged-name";
import { stagedKey } from "@prewarm/shared/variant-key";
import type { Labels } from "../output/labels/labels.ts";
import { ifUnchanged } from "./put-condition.ts";

/*
 * Staged originals: bytes that several jobs are made from (decision 13). A name is written once and never replaced, so whatever is read under
 * it is the same.
 */

/** What is known of a staged original. */
export interface StagedFacts {
  /** As a viewer sees it, in px; null when its header does not tell. */
  size: { width: number; height: number } | null;
  /** Null when its origin gave none. */
  etag: string | null;
  type: ImageType;
  frames: number;
  /** It may have transparent parts. */
  alpha: boolean;
  /** Absent: none are known. */
  labels?: Labels;
  /** Absent: nothing is known. */
  leftOut?: readonly LeftOut[];
}

/** The bytes, or the note in their place: `why` is a sentence that says why the original is not staged. */
export type Staged = { kind: "bytes"; facts: StagedFacts; bytes: number } | { kind: "unstaged"; why: string };

/** Null: there is nothing under this name. */
export async function findStaged(bucket: Pick<R2Bucket, "head">, name: StagedName): Promise<Staged | null> {
  const object = await bucket.head(stagedKey(name));
  return object === null ? null : stagedOf(object);
}

/** The bytes of a staged original; null: they are not there. */
export async function readStaged(bucket: Pick<R2Bucket, "get">, name: StagedName) {
  const object = await bucket.get(stagedKey(name));
  if (object === null) return null;
  const staged = stagedOf(object);
  if (staged.kind === "bytes") return { ...staged, body: object.body };
  await object.body.cancel();
  return null;
}

/** Puts the bytes of an original. A stream needs a known length. False: something is there already, and stays. */
export async function putStaged(
  bucket: Pick<R2Bucket, "put">,
  name: StagedName,
  body: ReadableStream | Uint8Array,
  { size, etag, type, frames, alpha, labels, leftOut }: StagedFacts,
): Promise<boolean> {
  const customMetadata = {
    type,
    frames: String(frames),
    alpha: String(alpha),
    ...(size === null ? {} : { width: String(size.width), height: String(size.height) }),
    ...(etag === null ? {} : { etag }),
    // Metadata is printable ASCII.
    ...(labels === undefined ? {} : { labels: new URLSearchParams({ ...labels }).toString() }),
    ...(leftOut === undefined ? {} : { "left-out": leftOut.join(" ") }),
  };
  return (await bucket.put(stagedKey(name), body, { onlyIf: ifUnchanged(null), customMetadata })) !== null;
}

/** Notes why an original is not staged, so that no other handler tries. False: something is there already, and stays. */
export async function noteUnstaged(bucket: Pick<R2Bucket, "put">, name: StagedName, why: string): Promise<boolean> {
  const options = { onlyIf: ifUnchanged(null), customMetadata: { why } };
  return (await bucket.put(stagedKey(name), why, options)) !== null;
}

function stagedOf({ customMetadata = {}, size: bytes }: Pick<R2Object, "customMetadata" | "size">): Staged {
  const { type, frames, alpha, width, height, etag = null, labels, why, "left-out": words } = customMetadata;
  if (type === undefined) return { kind: "unstaged", why: why ?? "Its name in R2 is taken." };
  const size = width === undefined || height === undefined ? null : { width: Number(width), height: Number(height) };
  const facts = { size, etag, type: type as ImageType, frames: Number(frames), alpha: alpha === "true" };
  const said = labels === undefined ? {} : { labels: Object.fromEntries(new URLSearchParams(labels)) as Labels };
  const leftOut = LEFT_OUT.filter((word) => words?.split(" ").includes(word));
  return { kind: "bytes", facts: { ...facts, ...said, ...(leftOut.length === 0 ? {} : { leftOut }) }, bytes };
}
