import type { Config, MapperConfig } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { idFromKey } from "@prewarm/shared/source";
import type { HookEvent } from "../hook-event.ts";
import { notAnImage } from "../image-type.ts";
import { readPath, readText } from "../json-path.ts";
import { orderText } from "../order-text.ts";

type Settings = Extract<MapperConfig, { kind: "json-path" }>;

/** Items of one body; a webhook tells of a handful. */
const ITEMS_MAX = 10_000;

/** Any JSON, by paths from the configuration. Paths for an item's parts start at the item; `event` may also stand beside the items. */
export function mapJsonPath(body: unknown, config: Config, settings: Settings): HookEvent[] {
  const items = readPath(body, settings.items ?? "$");
  if (items.length > ITEMS_MAX) throw new AppError("body_invalid", { detail: `More than ${ITEMS_MAX} items.` });
  return items.map((item) => fromItem(item, body, config, settings));
}

function fromItem(item: unknown, body: unknown, config: Config, settings: Settings): HookEvent {
  const kind = kindOf(readText(item, settings.event) ?? readText(body, settings.event), settings);
  if (kind === null) return { kind: "ignored", reason: "another event" };
  const key = readText(item, settings.key);
  const given = readText(item, settings.id);
  const name = given ?? key;
  if (name === null)
    return {
      kind: "rejected",
      code: "body_invalid",
      message: "The item has neither the id nor the key that the hook looks for.",
    };
  const other = notAnImage(name, readText(item, settings.contentType), config);
  if (other !== null) return { kind: "ignored", reason: other };
  const id = given ?? idFromKey(config, name);
  if (id === null)
    return {
      kind: "rejected",
      code: "source_unknown",
      message: "No configured source holds this key, or it is no image id.",
    };
  const order = orderText(readText(item, settings.order));
  if (kind === "delete") return { kind, id, order };
  const v = readText(item, settings.v);
  return { kind, id, v, sourceEtag: readText(item, settings.sourceEtag), order, recipe: null };
}

/** Without an `event` path everything is an upload; with one, only what is listed counts. */
function kindOf(
  value: string | null,
  { event, uploadValues, deleteValues = [] }: Settings,
): "upload" | "delete" | null {
  if (event === undefined) return "upload";
  if (value === null) return null;
  if (deleteValues.includes(value)) return "delete";
  return uploadValues === undefined || uploadValues.includes(value) ? "upload" : null;
}
