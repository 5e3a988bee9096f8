import { type ControlApi, understand } from "../api/control-api.ts";
import { asList, asObject, type Json, number, numberOrNull, text } from "../api/json-fields.ts";
import type { Chunk } from "./chunk-items.ts";
import type { WarmOptions } from "./warm-options.ts";

export interface Rejection {
  /** Place of the item in the chunk. */
  index: number;
  code: string;
  message: string;
}

export interface ChunkAnswer {
  accepted: number;
  duplicates: number;
  existing: number;
  rejected: Rejection[];
  /** Of which `rejected` may list only a part. */
  rejectedTotal: number;
}

/** What warming would take; sums over chunks. Null: unknown for at least one chunk. */
export interface Estimate {
  images: number;
  variants: number;
  existing: number;
  duplicates: number;
  /** Ittybit jobs. */
  jobs: number;
  downloadBytes: number | null;
  /** In the configured currency unit. */
  price: number | null;
}

export interface SendOptions {
  deadline: number;
  onThrottled(waitMs: number): void;
}

/**
 * Sends one chunk as part of `run`. The key names run and chunk, so a chunk whose answer was lost is answered again and not enqueued
 * again. Throws with the exit code when the server refuses it as a whole.
 */
export async function sendChunk(
  api: ControlApi,
  run: string,
  chunk: Chunk,
  options: WarmOptions,
  send: SendOptions,
): Promise<ChunkAnswer> {
  const json = await api.call("POST", "warm", {
    what: "warming",
    query: { run },
    body: formatBody(chunk, options),
    idempotencyKey: `${run}:${chunk.number}`,
    ...send,
  });
  return understand("warming", () => ({
    accepted: number(json, "accepted"),
    duplicates: number(json, "duplicates"),
    existing: number(json, "existing"),
    ...readRejections(json),
  }));
}

/** Asks what a chunk would take; enqueues nothing. */
export async function estimateChunk(
  api: ControlApi,
  chunk: Chunk,
  options: WarmOptions,
  send: SendOptions,
): Promise<Estimate & Pick<ChunkAnswer, "rejected" | "rejectedTotal">> {
  const body = formatBody(chunk, options);
  const json = await api.call("POST", "warm", { what: "dry run", query: { dryRun: "1" }, body, ...send });
  return understand("dry run", () => ({
    images: number(json, "images"),
    variants: number(json, "variants"),
    existing: number(json, "existing"),
    duplicates: number(json, "duplicates"),
    jobs: number(json, "jobs"),
    downloadBytes: numberOrNull(json, "downloadBytes"),
    price: json.price === "unknown" ? null : number(asObject(json.price, "price"), "amount"),
    ...readRejections(json),
  }));
}

function formatBody({ items }: Chunk, { label, force, onlyMissing }: WarmOptions): string {
  const rest = {
    ...(label === null ? {} : { label }),
    ...(force ? { force } : {}),
    ...(onlyMissing ? { onlyMissing } : {}),
  };
  const members = JSON.stringify(rest).slice(1, -1);
  // The items are JSON already: parsing and printing them again would double the work of a long run.
  return `{"items":[${items.join(",")}]${members === "" ? "" : `,${members}`}}`;
}

function readRejections(json: Json): Pick<ChunkAnswer, "rejected" | "rejectedTotal"> {
  const rejected = asList(json.rejected, "rejected").map((entry) => {
    const one = asObject(entry, "a rejection");
    return { index: number(one, "index"), code: text(one, "code"), message: text(one, "message") };
  });
  return { rejected, rejectedTotal: numberOrNull(json, "rejectedTotal") ?? rejected.length };
}
