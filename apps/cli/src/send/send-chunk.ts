import type { RawBody } from "@prewarm/control-schema/calls";
import type { DryRun, WarmAnswer } from "@prewarm/control-schema/warm";
import type { ControlApi } from "../api/control-api.ts";
import { shapeOf } from "../platform/check-shape.ts";
import type { Chunk } from "./chunk-items.ts";
import type { WarmOptions } from "./warm-options.ts";

const REJECTED = [{ index: "number", code: "text", message: "text" }] as const;
const COUNTED = { duplicates: "number", existing: "number", rejected: REJECTED, rejectedTotal: "number" } as const;
const ACCEPTED = shapeOf<WarmAnswer>({ accepted: "number", ...COUNTED });
const ESTIMATED = shapeOf<DryRun>({
  images: "number",
  variants: "number",
  jobs: "number",
  "downloadBytes|null": "number",
  ...COUNTED,
});

interface SendOptions {
  deadline: number;
  onThrottled(waitMs: number): void;
}

/**
 * Sends one chunk as part of `run`. The key names run and chunk, so a chunk whose answer was lost is answered again and not enqueued
 * again. Throws with the exit code when the server refuses it as a whole.
 */
export function sendChunk(
  api: ControlApi,
  run: string,
  chunk: Chunk,
  options: WarmOptions,
  send: SendOptions,
): Promise<WarmAnswer> {
  const given = { query: { run }, body: formatBody(chunk, options), idempotencyKey: `${run}:${chunk.number}` };
  return api.call("POST /api/v1/warm", given, ACCEPTED, { what: "warming", ...send });
}

/** Asks what a chunk would take; enqueues nothing. */
export function estimateChunk(api: ControlApi, chunk: Chunk, options: WarmOptions, send: SendOptions): Promise<DryRun> {
  const given = { query: { dryRun: "1" as const }, body: formatBody(chunk, options) };
  return api.call("POST /api/v1/warm", given, ESTIMATED, { what: "dry run", ...send });
}

function formatBody({ items }: Chunk, { label, force, onlyMissing }: WarmOptions): RawBody {
  const rest = {
    ...(label === null ? {} : { label }),
    ...(force ? { force } : {}),
    ...(onlyMissing ? { onlyMissing } : {}),
  };
  const members = JSON.stringify(rest).slice(1, -1);
  // The items are JSON already: parsing and printing them again would double the work of a long run.
  const data = `{"items":[${items.join(",")}]${members === "" ? "" : `,${members}`}}`;
  return { contentType: "application/json", data };
}
