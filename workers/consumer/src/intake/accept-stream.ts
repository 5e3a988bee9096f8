import type { Rejection } from "@prewarm/control-schema/warm";
import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import type { AppError } from "@prewarm/shared/errors";
import type { Lane } from "@prewarm/shared/job";
import type { AcceptAnswer } from "../images/calls.ts";
import type { DeliveryNote } from "../ledger/calls.ts";
import type { LedgerCalls } from "../ledger/ledger-for.ts";
import { storedKeys } from "../store/variants.ts";
import type { Chunk } from "./cut-chunks.ts";

/** Rejections that an answer lists; `rejectedTotal` counts them all. */
export const REJECTIONS_MAX = 1000;

/** What intake works with. The API, hooks and the uploads queue all have it. */
export interface IntakeDeps {
  config: Config;
  ledger: LedgerCalls;
  /** The bucket of variants. */
  bucket: Pick<R2Bucket, "list" | "delete">;
}

export interface Delivery {
  /** `most`: as in the ledger's call. */
  run: { run: string; label: string | null; lane: Lane; most?: number | undefined };
  /** Names this request for ever: its repeat is recognised by it. */
  delivery: string;
  /** Settings that change what the request means; a repeat with other settings is a mismatch. */
  options: { force: boolean; onlyMissing: boolean; recipe: string | null };
  /** Hash of the whole body, where it was read before; else one is made of the items as they stream in. */
  bodyHash: string | null;
  who: string;
  /** Of a hook's delivery, what the list of deliveries says of it. Its numbers are those of the receipt so far. */
  note?: (receipt: Receipt) => DeliveryNote;
}

/** What became of a whole request; the numbers count variants. */
export interface Receipt {
  accepted: number;
  duplicates: number;
  existing: number;
  /** Left alone, because their image has a later order than the request says. */
  outdated: number;
  rejected: Rejection[];
  rejectedTotal: number;
  /** The request had been accepted whole before. */
  repeat: boolean;
}

export function emptyReceipt(): Receipt {
  return { accepted: 0, duplicates: 0, existing: 0, outdated: 0, rejected: [], rejectedTotal: 0, repeat: false };
}

/**
 * Hands chunks to the ledger one after the other while the body streams in; memory stays at one chunk. After an interruption the same
 * request under the same delivery passes over what was accepted and goes on. Throws `backlog_full`, `hook_limit`, `ledger_full`, `idempotency_mismatch`, `unavailable`.
 */
export async function acceptStream(chunks: AsyncIterable<Chunk>, order: Delivery, deps: IntakeDeps): Promise<Receipt> {
  const sum = emptyReceipt();
  let hash = await sha256Hex(JSON.stringify([order.bodyHash, order.options, order.run.label, order.run.lane]));
  let count = 0;
  let isFinished = false;
  for await (const chunk of chunks) {
    // Chained, so that the last hash stands for the whole body.
    hash = await sha256Hex(`${hash}\n${chunk.raw.join("\n")}`);
    const { finished } = await acceptOne(chunk, { number: count, hash }, order, sum, deps);
    isFinished = finished === true;
    count += 1;
  }
  if (isFinished) return sum;
  if (count === 0) throw new ApiError("body_invalid", { detail: "There is no item in the body." });
  const { rejected: first, ...summary } = sum;
  const whole = { id: order.delivery, chunks: count, hash: order.bodyHash ?? hash };
  // The audit log has what operators do. Deliveries of hooks have a list of their own.
  const audited = order.note === undefined ? { ...summary } : null;
  const finish = { delivery: whole, run: order.run.run, who: order.who, summary: audited };
  const rejected = { total: sum.rejectedTotal, first };
  const end = await deps.ledger.finishDelivery({ ...finish, rejected, ...noted(order, sum) });
  if (end === "mismatch") throw mismatch();
  return { ...sum, repeat: end === "repeat" };
}

async function acceptOne(
  chunk: Chunk,
  place: { number: number; hash: string },
  order: Delivery,
  sum: Receipt,
  { ledger, bucket, config }: IntakeDeps,
): Promise<CountedAnswer> {
  const { force, onlyMissing } = order.options;
  const inStore = onlyMissing
    ? await storedKeys(
        chunk.images.map(({ id }) => id),
        bucket,
      )
    : new Set<string>();
  const images = chunk.images.map((image) => ({ ...image, keys: image.keys.filter((key) => !inStore.has(key)) }));
  const asked = images.reduce((total, { keys }) => total + keys.length, 0);
  sum.duplicates += chunk.duplicates;
  sum.existing += chunk.keys - asked;
  reject(sum, chunk.rejected);
  const request = {
    run: order.run,
    delivery: { id: order.delivery, chunk: place.number, hash: place.hash },
    images: images.filter(({ keys }) => keys.length > 0),
    force,
    backlogMax: config.limits.backlogMax,
    ...(place.number === 0 && chunk.last ? finishOf(order, sum) : {}),
  };
  const answer = counted(await ledger.acceptChunk(request));
  sum.accepted += answer.accepted;
  sum.duplicates += answer.duplicates;
  sum.existing += answer.existing;
  const { keys: left, rejected } = answer.removed ?? { keys: 0, rejected: [] };
  // The answer to a repeat counts what had been removed by then.
  sum.outdated += Math.max(0, answer.outdated - left);
  reject(sum, rejected);
  return answer;
}

function reject(sum: Receipt, rejected: readonly Rejection[]): void {
  sum.rejectedTotal += rejected.length;
  sum.rejected.push(...rejected.slice(0, REJECTIONS_MAX - sum.rejected.length));
}

/** A hook's delivery of one chunk is accepted, finished and listed by one call. */
function finishOf(order: Delivery, sum: Receipt): Pick<Parameters<LedgerCalls["acceptChunk"]>[0], "finish" | "note"> {
  if (order.note === undefined || order.bodyHash === null) return {};
  const rejected = { total: sum.rejectedTotal, first: sum.rejected };
  return { finish: { hash: order.bodyHash, rejected }, ...noted(order, sum) };
}

function noted({ note }: Delivery, sum: Receipt): { note?: DeliveryNote } {
  return note === undefined ? {} : { note: note(sum) };
}

type CountedAnswer = Extract<AcceptAnswer, { accepted: number }>;

function counted(answer: AcceptAnswer): CountedAnswer {
  switch (answer.status) {
    case "done":
    case "repeat":
      return answer;
    case "mismatch":
      throw mismatch();
    case "no_room":
      throw new ApiError("ledger_full", { retryAfterSeconds: answer.retryAfterSeconds });
    case "run_full":
      throw new ApiError("hook_limit", { retryAfterSeconds: answer.retryAfterSeconds });
    case "full":
      throw new ApiError("backlog_full", { retryAfterSeconds: answer.retryAfterSeconds });
    default:
      return answer satisfies never;
  }
}

function mismatch(): AppError {
  return new ApiError("idempotency_mismatch", {
    detail: "This request's key was used before with another body. What was accepted then stays.",
  });
}

/** SHA-256 of text or bytes in hexadecimal: what names a delivery and tells one body from another. */
export async function sha256Hex(given: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof given === "string" ? new TextEncoder().encode(given) : given;
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
