import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import * as z from "zod";
import { type HookEvent, orderText, rejected, toEvent } from "../hook-event.ts";

const item = z
  .object({
    id: z.string().min(1).max(2100).optional(),
    key: z.string().min(1).max(2100).optional(),
    v: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .nullish(),
    sourceEtag: z.string().min(1).max(256).nullish(),
    recipe: z.string().min(1).max(64).nullish(),
    contentType: z.string().max(200).nullish(),
    focal: z.unknown().optional(),
  })
  .refine(({ id, key }) => (id === undefined) !== (key === undefined), { error: "An item has an id or a key." });

const envelope = z.object({
  type: z.string(),
  timestamp: z.union([z.string(), z.number()]).optional(),
  data: z.union([z.object({ items: z.array(z.unknown()) }), z.looseObject({})]),
});

const UPLOADS = new Set(["image.uploaded", "image.created", "image.updated", "image.replaced"]);
const DELETES = new Set(["image.deleted"]);

/** Our own shape: `{type, timestamp, data: {items: […]}}`, `{type, timestamp, data: <item>}`, one item, or an array of items. */
export function mapNative(body: unknown, config: Config): HookEvent[] {
  if (Array.isArray(body)) return body.map((one) => readItem(one, "upload", null, config));
  if (body === null || typeof body !== "object") {
    throw new ApiError("body_invalid", { detail: "The body is an event, an item, or an array of items." });
  }
  if (!Object.hasOwn(body, "type")) return [readItem(body, "upload", null, config)];
  const parsed = envelope.safeParse(body);
  if (!parsed.success) throw new ApiError("body_invalid", { detail: "An event has a type and data." });
  const { type, timestamp, data } = parsed.data;
  if (!UPLOADS.has(type) && !DELETES.has(type)) return [{ kind: "ignored", reason: `type ${type.slice(0, 60)}` }];
  const items: unknown[] = Array.isArray(data.items) ? data.items : [data];
  return items.map((one) => readItem(one, DELETES.has(type) ? "delete" : "upload", orderText(timestamp), config));
}

function readItem(value: unknown, kind: "upload" | "delete", order: string | null, config: Config): HookEvent {
  const parsed = item.safeParse(typeof value === "string" ? { id: value } : value);
  if (!parsed.success) return rejected("body_invalid", parsed.error.issues[0]?.message ?? "The item is malformed.");
  const { id = null, key = null, v = null, sourceEtag = null, recipe = null, contentType = null, focal } = parsed.data;
  return toEvent({ kind, id, key, v, etag: sourceEtag, order, contentType, recipe, focal }, config);
}
