import { type WarmItem, warmQuery } from "@prewarm/control-schema/warm";
import { AppError } from "@prewarm/shared/errors";
import { checkId } from "@prewarm/shared/image-id";
import { ENCODED_ID_MAX_BYTES } from "@prewarm/shared/limits";
import { VERSION_PATTERN } from "@prewarm/shared/parameter-values";
import * as z from "zod";

/** Where in the input something stands: `images.csv:17`, `argument 2`. */
export type Place = string;

/** Under what an item is ordered, where it says so itself: its run, with that run's name and lane. `force`: make it again. */
const itemOrder = warmQuery
  .pick({ run: true, label: true, lane: true })
  .extend({ force: z.union([z.boolean(), z.stringbool()]).optional() });
export type ItemOrder = z.infer<typeof itemOrder>;

export type InputItem = WarmItem & ItemOrder;

export type Read = { kind: "item"; place: Place; item: InputItem } | { kind: "bad"; place: Place; reason: string };

/** Turns an id, a URL or a bucket key into the image's id, and into whatever else the URL says. Throws an Error with the reason. */
export interface Namer {
  fromText(text: string): WarmItem;
  fromUrl(url: string): WarmItem;
  /** `bucket`: the bucket's name, where it is known; it leaves only the sources of that bucket, if there are such. */
  fromKey(key: string, bucket?: string): WarmItem;
  /** True for an address of the edge's images; it may still name no image. */
  isImageUrl(url: string): boolean;
}

const LIST_FIELDS = ["presets", "transforms"] as const;
const TEXT_FIELDS = ["v", "sourceEtag", "recipe"] as const;
const NAME_FIELDS = ["id", "url", "key"] as const;
const ORDER_FIELDS = Object.keys(itemOrder.shape);
export const FIELDS: readonly string[] = [...NAME_FIELDS, ...TEXT_FIELDS, ...LIST_FIELDS, ...ORDER_FIELDS];

/** An input row's fields as an item. Exactly one of `id`, `url` and `key` names the image. Throws an Error with the reason. */
export function itemFromFields(fields: Record<string, unknown>, namer: Namer): InputItem {
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw new Error(`“${unknown}” is no field; there are ${FIELDS.join(", ")}`);
  const item = nameImage(fields, namer);
  for (const name of TEXT_FIELDS) {
    const value = fields[name];
    if (value === undefined || value === null || value === "") continue;
    if (typeof value !== "string") throw new Error(`${name} must be text`);
    item[name] = value;
  }
  for (const name of LIST_FIELDS) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (!Array.isArray(value) || !value.every((one) => typeof one === "string" && one !== ""))
      throw new Error(`${name} must be a list of texts`);
    if (value.length > 0) item[name] = value;
  }
  return { ...checkItem(item), ...readOrder(fields) };
}

/** Throws an Error with the reason, by the names that the line has. */
function readOrder(fields: Record<string, unknown>): ItemOrder {
  const said = ORDER_FIELDS.filter(
    (name) => fields[name] !== undefined && fields[name] !== null && fields[name] !== "",
  );
  if (said.length === 0) return {};
  const parsed = itemOrder.safeParse(Object.fromEntries(said.map((name) => [name, fields[name]])));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join(".")}: ${issue?.message}`);
}

function nameImage(fields: Record<string, unknown>, namer: Namer): WarmItem {
  const given = NAME_FIELDS.filter(
    (name) => fields[name] !== undefined && fields[name] !== null && fields[name] !== "",
  );
  const [name] = given;
  if (name === undefined || given.length > 1) throw new Error("one of id, url and key must be given");
  const value = fields[name];
  if (typeof value !== "string") throw new Error(`${name} must be text`);
  if (name === "id") return { id: value };
  return { ...(name === "url" ? namer.fromUrl(value) : namer.fromKey(value)) };
}

/** Ids that need not be taken apart: a list has a million of them. A slash has three bytes when it is encoded, no other of these has more than one. */
const PLAIN = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;

/** Refuses what the server would refuse. It is done here because here the line is known. */
export function checkItem(item: WarmItem): WarmItem {
  try {
    if (item.id.length * 3 > ENCODED_ID_MAX_BYTES || !PLAIN.test(item.id)) checkId(item.id);
  } catch (error) {
    if (error instanceof AppError) throw new Error(error.message);
    throw error;
  }
  if (item.v !== undefined && !VERSION_PATTERN.test(item.v))
    throw new Error(`v “${item.v}” is not [A-Za-z0-9_-]{1,64}`);
  return item;
}
