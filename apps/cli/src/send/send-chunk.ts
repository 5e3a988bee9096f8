import type { RawBody } from "@prewarm/control-schema/calls";
import { DryRun, Rejection, WarmAnswer } from "@prewarm/control-schema/warm";
import * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";
import type { Chunk } from "./chunk-items.ts";
import type { WarmOptions } from "./warm-options.ts";

const rejected = z.array(Rejection.pick({ index: true, code: true, message: true }));
const counts = { duplicates: true, existing: true, rejectedTotal: true } as const;
const Accepted = WarmAnswer.pick({ accepted: true, ...counts }).extend({ rejected });
export type Accepted = z.infer<typeof Accepted>;
const Estimated = DryRun.pick({
  images: true,
  variants: true,
  jobs: true,
  downloadBytes: true,
  exact: true,
  price: true,
  ...counts,
}).extend({ rejected });
export type Estimated = z.infer<typeof Estimated>;

/** What the server says of an image whose original passes through, such as SVG. A request has at most 1,000 images, so all are listed. */
const PASSED_THROUGH = "media_type_unsupported";

/** Tells images that pass through from those that are refused: the edge answers them, so they are no error. */
export function splitRejected({ rejected, rejectedTotal }: Pick<Accepted, "rejected" | "rejectedTotal">) {
  const refused = rejected.filter(({ code }) => code !== PASSED_THROUGH);
  const passedThrough = rejected.length - refused.length;
  return { refused, refusedTotal: rejectedTotal - passedThrough, passedThrough };
}

interface SendOptions {
  deadline: number;
  onThrottled(waitMs: number): void;
}

/**
 * Sends one chunk as part of `run`, or of the run that its items name. The key names run and chunk, so a chunk whose answer was lost is answered again and not enqueued
 * again. Throws with the exit code when the server refuses it as a whole.
 */
export function sendChunk(
  api: ControlApi,
  run: string,
  chunk: Chunk,
  options: WarmOptions,
  send: SendOptions,
): Promise<Accepted> {
  const given = {
    query: { run: chunk.order.run ?? run },
    body: formatBody(chunk, options),
    idempotencyKey: `${run}:${chunk.number}`,
  };
  return api.call("POST /api/v1/warm", given, Accepted, { what: "warming", ...send });
}

/** Asks what a chunk would take; enqueues nothing. */
export function estimateChunk(
  api: ControlApi,
  chunk: Chunk,
  options: WarmOptions,
  send: SendOptions,
): Promise<Estimated> {
  const given = { query: { dryRun: "1" as const }, body: formatBody(chunk, options) };
  return api.call("POST /api/v1/warm", given, Estimated, { what: "dry run", ...send });
}

function formatBody({ items, order }: Chunk, { label, force, onlyMissing }: WarmOptions): RawBody {
  const { run: _, ...said } = order;
  const rest = {
    ...(label === null ? {} : { label }),
    ...(force ? { force } : {}),
    ...said,
    ...(onlyMissing && said.force !== true ? { onlyMissing } : {}),
  };
  const members = JSON.stringify(rest).slice(1, -1);
  // The items are JSON already: parsing and printing them again would double the work of a long run.
  const data = `{"items":[${items.join(",")}]${members === "" ? "" : `,${members}`}}`;
  return { contentType: "application/json", data };
}
