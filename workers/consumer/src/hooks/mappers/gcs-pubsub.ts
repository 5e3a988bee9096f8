import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import { parseForeignJson } from "@prewarm/shared/foreign-json";
import * as z from "zod";
import { type HookEvent, orderText } from "../hook-event.ts";
import { objectEvent } from "./object-event.ts";

/** Cloud Storage through a Pub/Sub push (cloud.google.com/storage/docs/pubsub-notifications, read 2026-11). */
const push = z.object({
  message: z.object({
    attributes: z.object({
      eventType: z.string(),
      bucketId: z.string(),
      objectId: z.string().min(1),
      objectGeneration: z.string().optional(),
      /** On the deletion of a generation that another one replaced. */
      overwrittenByGeneration: z.string().optional(),
    }),
    data: z.string().optional(),
  }),
});

/** The parts of the object's resource, which travels as base64, that we use. */
const resource = z.object({ contentType: z.string().optional(), etag: z.string().optional() });

export function mapGcsPubsub(body: unknown, config: Config, buckets: readonly string[] | undefined): HookEvent[] {
  const parsed = push.safeParse(body);
  if (!parsed.success) throw new ApiError("body_invalid", { detail: "The body is no Pub/Sub push of Cloud Storage." });
  const { attributes, data } = parsed.data.message;
  const { eventType, bucketId, objectId, objectGeneration, overwrittenByGeneration } = attributes;
  const kind =
    eventType === "OBJECT_FINALIZE"
      ? "upload"
      : eventType === "OBJECT_DELETE" || eventType === "OBJECT_ARCHIVE"
        ? "delete"
        : null;
  if (kind === null) return [{ kind: "ignored", reason: eventType.slice(0, 60) }];
  // The replacement tells itself by its own OBJECT_FINALIZE.
  if (kind === "delete" && overwrittenByGeneration !== undefined) return [{ kind: "ignored", reason: "overwritten" }];
  const { etag, contentType } = readResource(data);
  const change = {
    kind,
    bucket: bucketId,
    key: objectId,
    etag: etag ?? objectGeneration ?? null,
    order: orderText(objectGeneration),
    contentType: contentType ?? null,
  } as const;
  return [objectEvent(change, config, buckets)];
}

function readResource(data: string | undefined): z.infer<typeof resource> {
  try {
    const bytes = Uint8Array.from(atob(data ?? ""), (letter) => letter.charCodeAt(0));
    return resource.parse(parseForeignJson(new TextDecoder().decode(bytes)));
  } catch {
    return {}; // The attributes say all that is needed.
  }
}
