import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import * as z from "zod";
import { type HookEvent, orderText } from "../hook-event.ts";
import { notAnArray, objectEvent } from "./object-event.ts";

/** What R2 puts into a queue for a change (developers.cloudflare.com/r2/buckets/event-notifications, read 2026-11); keys are as they are. */
const event = z.object({
  action: z.string(),
  bucket: z.string(),
  object: z.object({ key: z.string().min(1), eTag: z.string().optional() }),
  eventTime: z.string().optional(),
});

const KINDS: Record<string, "upload" | "delete"> = {
  PutObject: "upload",
  CopyObject: "upload",
  CompleteMultipartUpload: "upload",
  DeleteObject: "delete",
  LifecycleDeletion: "delete",
};

/** R2's event notifications, one or an array. */
export function mapR2(body: unknown, config: Config, buckets: readonly string[] | undefined): HookEvent[] {
  if (Array.isArray(body)) return body.flatMap((one) => mapR2(notAnArray(one), config, buckets));
  const parsed = event.safeParse(body);
  if (!parsed.success) throw new ApiError("body_invalid", { detail: "The body is no R2 event notification." });
  const { action, bucket, object, eventTime } = parsed.data;
  const kind = Object.hasOwn(KINDS, action) ? KINDS[action] : undefined;
  if (kind === undefined) return [{ kind: "ignored", reason: action.slice(0, 60) }];
  const change = {
    kind,
    bucket,
    key: object.key,
    etag: object.eTag ?? null,
    order: orderText(eventTime),
    contentType: null,
  };
  return [objectEvent(change, config, buckets)];
}
