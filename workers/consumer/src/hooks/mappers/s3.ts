import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { parseForeignJson } from "@prewarm/shared/foreign-json";
import * as z from "zod";
import { type HookEvent, orderText, rejected } from "../hook-event.ts";
import { notAnArray, objectEvent } from "./object-event.ts";

/*
 * What S3 sends, by three roads (docs.aws.amazon.com/AmazonS3, notification content structure, read 2026-11), and what MinIO and other
 * S3-likes send in the same shape:
 * - a notification: `{Records: [{eventName, eventTime, s3: {bucket: {name}, object: {key, eTag, sequencer}}}]}`, keys form-encoded;
 * - the same as text in an SNS envelope: `{Type: "Notification", Message: "…"}`;
 * - EventBridge: `{"detail-type": "Object Created", detail: {bucket: {name}, object: {key, etag, sequencer}}}`, keys as they are.
 */

const record = z.object({
  eventName: z.string(),
  eventTime: z.string().optional(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string().min(1),
      eTag: z.string().optional(),
      sequencer: z.string().optional(),
      contentType: z.string().optional(),
    }),
  }),
});

const eventBridge = z.object({
  "detail-type": z.string(),
  time: z.string().optional(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string().min(1), etag: z.string().optional(), sequencer: z.string().optional() }),
  }),
});

const notification = z.object({ Records: z.array(z.unknown()) });
const sns = z.object({ Type: z.string(), Message: z.string().optional() });

/** S3 and its likes. `buckets`: names that are taken; undefined: those a source may stand for. */
export function mapS3(body: unknown, config: Config, buckets: readonly string[] | undefined): HookEvent[] {
  if (Array.isArray(body)) return body.flatMap((one) => mapS3(notAnArray(one), config, buckets));
  const direct = notification.safeParse(body);
  if (direct.success) return direct.data.Records.map((one) => fromRecord(one, config, buckets));
  const bridged = eventBridge.safeParse(body);
  if (bridged.success) return [fromEventBridge(bridged.data, config, buckets)];
  if (isTest(body)) return [{ kind: "ignored", reason: "test event" }];
  const wrapped = sns.safeParse(body);
  if (wrapped.success) return fromSns(wrapped.data, config, buckets);
  throw new ApiError("body_invalid", { detail: "The body is no S3 notification." });
}

function isTest(body: unknown): boolean {
  return z.object({ Event: z.literal("s3:TestEvent") }).safeParse(body).success;
}

function fromSns(
  { Type, Message }: z.infer<typeof sns>,
  config: Config,
  buckets: readonly string[] | undefined,
): HookEvent[] {
  // A subscription is confirmed by a person: following a URL out of a body is not for us.
  if (Type !== "Notification" || Message === undefined)
    return [{ kind: "ignored", reason: `SNS ${Type.slice(0, 60)}` }];
  try {
    const inner = parseForeignJson(Message);
    if (sns.safeParse(inner).success) throw new Error("nested");
    return mapS3(inner, config, buckets);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new ApiError("body_invalid", { detail: "The SNS message holds no S3 notification." });
  }
}

function fromRecord(value: unknown, config: Config, buckets: readonly string[] | undefined): HookEvent {
  const parsed = record.safeParse(value);
  if (!parsed.success) return rejected("body_invalid", "The record is no S3 record.");
  const { eventName, eventTime, s3 } = parsed.data;
  const kind = kindOf(eventName.replace(/^s3:/, ""));
  if (kind === null) return { kind: "ignored", reason: eventName.slice(0, 60) };
  const key = decodeKey(s3.object.key);
  if (key === null) return rejected("id_invalid", "The key's encoding is malformed.");
  const { eTag, sequencer, contentType } = s3.object;
  const order = orderText(sequencer ?? eventTime);
  const change = { kind, bucket: s3.bucket.name, key, etag: unquoted(eTag), order, contentType: contentType ?? null };
  return objectEvent(change, config, buckets);
}

function kindOf(name: string): "upload" | "delete" | null {
  if (name.startsWith("ObjectCreated:")) return "upload";
  return name.startsWith("ObjectRemoved:") || name.startsWith("LifecycleExpiration:") ? "delete" : null;
}

/** Keys in notifications are form-encoded: `+` is a space, `%2B` a plus. */
function decodeKey(key: string): string | null {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return null;
  }
}

function fromEventBridge(
  event: z.infer<typeof eventBridge>,
  config: Config,
  buckets: readonly string[] | undefined,
): HookEvent {
  const kinds: Record<string, "upload" | "delete"> = { "Object Created": "upload", "Object Deleted": "delete" };
  const type = event["detail-type"];
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind === undefined) return { kind: "ignored", reason: type.slice(0, 60) };
  const { bucket, object } = event.detail;
  const order = orderText(object.sequencer ?? event.time);
  const change = { kind, bucket: bucket.name, key: object.key, etag: unquoted(object.etag), order, contentType: null };
  return objectEvent(change, config, buckets);
}

function unquoted(etag: string | undefined): string | null {
  return etag === undefined || etag === "" ? null : etag.replaceAll('"', "");
}
