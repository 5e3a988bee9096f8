import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import { type HookEvent, rejected, toEvent } from "../hook-event.ts";

/** An object of a bucket that came or went. */
interface ObjectChange {
  kind: "upload" | "delete";
  bucket: string;
  key: string;
  etag: string | null;
  order: string | null;
  contentType: string | null;
}

/** Where our own bucket keeps what we made; an event about it must never make anything. */
const OWN = /^(?:variants|dead)\/(.+)$|^control\//;

/** A bucket's change as an event about an image. `buckets`: the names the hook takes; undefined: those that a source may stand for. */
export function objectEvent(change: ObjectChange, config: Config, buckets: readonly string[] | undefined): HookEvent {
  if (isOurs(change.key)) return { kind: "ignored", reason: "our own variant" };
  if (!takesBucket(change.bucket, config, buckets)) return rejected("source_unknown", "This bucket is not configured.");
  return toEvent({ ...change, id: null, v: null, recipe: null }, config);
}

function isOurs(key: string): boolean {
  const match = OWN.exec(key);
  if (match === null) return false;
  const rest = match[1];
  // A user's own originals may lie under `variants/` too. Only a key that parses as a variant key is ours.
  return rest === undefined || rest.endsWith("/_") || parseVariantKey(rest) !== null;
}

function takesBucket(bucket: string, { sources }: Config, buckets: readonly string[] | undefined): boolean {
  if (buckets !== undefined) return buckets.includes(bucket);
  const plain = (name: string) => name.toLowerCase().replaceAll("-", "_");
  // A URL source may have any bucket behind it; bucket sources are known by the names of their bindings.
  return sources.some((source) => "url" in source || plain(source.bucket) === plain(bucket));
}

/** One of a body's several events. Throws `body_invalid` for an array: arrays in arrays have no meaning, and no end. */
export function notAnArray(one: unknown): unknown {
  if (Array.isArray(one)) throw new ApiError("body_invalid", { detail: "The body holds an array within an array." });
  return one;
}
