import { createHash } from "node:crypto";
import type { WarmItem } from "@prewarm/control-schema/warm";
import type { InputItem, ItemOrder, Place, Read } from "../input/item.ts";

/** Items in one request, and their bytes: a chunk is accepted in about a second, and is cheap to send again. */
export const CHUNK_ITEMS_MAX = 1000;
export const CHUNK_BYTES_MAX = 1_000_000;

/** What one request carries. The same input and limits give the same chunks, which is what makes a run resumable. */
export interface Chunk {
  /** From 1. */
  number: number;
  /** Under what its items are ordered, beside what the command says. */
  order: ItemOrder;
  /** The items, each as JSON. */
  items: readonly string[];
  /** Where each item stands in the input. */
  places: readonly Place[];
  /** SHA-256 over this chunk and all before it: two runs with the same one have read the same input so far. */
  fingerprint: string;
}

interface ChunkOptions {
  maxItems: number;
  maxBytes: number;
  /** Said of items that name no version themselves, and of those that name no recipe, preset or transform. */
  defaults: Pick<WarmItem, "v" | "recipe" | "presets" | "transforms">;
  /** Told of every line that is no item, while chunk `number` is being filled. */
  onBad(place: Place, reason: string, number: number): void;
}

/** Gathers items into chunks; holds one chunk in memory. */
export async function* chunkItems(groups: AsyncIterable<Iterable<Read>>, options: ChunkOptions): AsyncGenerator<Chunk> {
  let fingerprint = "";
  let number = 1;
  let items: string[] = [];
  let places: Place[] = [];
  let bytes = 0;
  let order = "{}";
  const cut = (): Chunk => {
    fingerprint = createHash("sha256").update(fingerprint).update(order).update(items.join("\n")).digest("hex");
    const chunk = { number, order: JSON.parse(order) as ItemOrder, items, places, fingerprint };
    [number, items, places, bytes] = [number + 1, [], [], 0];
    return chunk;
  };
  for await (const group of groups)
    for (const read of group) {
      if (read.kind === "bad") {
        options.onBad(read.place, read.reason, number);
        continue;
      }
      const [item, under] = split(read.item);
      const json = JSON.stringify(withDefaults(item, options.defaults));
      const size = Buffer.byteLength(json) + 1;
      const asked = JSON.stringify(under);
      if (items.length > 0 && (bytes + size > options.maxBytes || asked !== order)) yield cut();
      order = asked;
      items.push(json);
      places.push(read.place);
      bytes += size;
      if (items.length >= options.maxItems) yield cut();
    }
  if (items.length > 0) yield cut();
}

/** The item, and under what it is ordered. */
function split({ run, label, lane, force, ...item }: InputItem): [WarmItem, ItemOrder] {
  // Fields that are undefined leave no trace in JSON.
  return [item, { run, label, lane, force }];
}

function withDefaults(item: WarmItem, { v, ...what }: ChunkOptions["defaults"]): WarmItem {
  const named = item.recipe !== undefined || item.presets !== undefined || item.transforms !== undefined;
  return { ...item, ...(v !== undefined && item.v === undefined && { v }), ...(named ? {} : what) };
}
