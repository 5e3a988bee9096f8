import type { Config } from "@prewarm/shared/config";
import { idFromKey } from "@prewarm/shared/source";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { HookEvent } from "./hook-event.ts";
import { notAnImage } from "./image-type.ts";

/** An object of a bucket that came or went, whatever system told it. */
export interface ObjectChange {
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
  if (!takesBucket(change.bucket, config, buckets))
    return { kind: "rejected", code: "source_unknown", message: "This bucket is not configured." };
  const other = notAnImage(change.key, change.contentType, config);
  if (other !== null) return { kind: "ignored", reason: other };
  const id = idFromKey(config, change.key, change.bucket);
  if (id === null)
    return {
      kind: "rejected",
      code: "source_unknown",
      message: "No configured source holds this key, or it is no image id.",
    };
  if (change.kind === "delete") return { kind: "delete", id, order: change.order };
  return { kind: "upload", id, v: null, sourceEtag: change.etag, order: change.order, recipe: null };
}

function isOurs(key: string): boolean {
  const match = OWN.exec(key);
  if (match === null) return false;
  const rest = match[1];
  // A user's own originals may lie under `variants/`: ours are told by the rest of the key.
  return rest === undefined || rest.endsWith("/_") || parseVariantKey(rest) !== null;
}

function takesBucket(bucket: string, { sources }: Config, buckets: readonly string[] | undefined): boolean {
  if (buckets !== undefined) return buckets.includes(bucket);
  const plain = (name: string) => name.toLowerCase().replaceAll("-", "_");
  // A URL source may have any bucket behind it; bucket sources are known by the names of their bindings.
  return sources.some((source) => "url" in source || plain(source.bucket) === plain(bucket));
}
