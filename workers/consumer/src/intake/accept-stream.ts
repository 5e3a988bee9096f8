import { AppError } from "@prewarm/shared/errors";
import type { Lane } from "@prewarm/shared/job";
import type { ApiDeps } from "../api/deps.ts";
import type { ChunkAnswer } from "../api/ledger-port.ts";
import type { Rejection } from "../api/schemas/warm.ts";
import { storedKeys } from "../store/stored-keys.ts";
import { sha256Hex } from "./body-hash.ts";
import type { Chunk } from "./cut-chunks.ts";

/** Rejections that an answer lists; `rejectedTotal` counts them all. */
export const REJECTIONS_MAX = 1000;

export interface Order {
  run: { run: string; label: string | null; lane: Lane };
  /** Names this request for ever: its repeat is recognised by it. */
  delivery: string;
  /** Whatever beside the items changes what the request means. */
  options: { force: boolean; onlyMissing: boolean; recipe: string | null };
  /** Hash of the whole body, where it was read before; else one is made of the items as they stream in. */
  bodyHash: string | null;
  who: string;
}

export interface Accepted {
  accepted: number;
  duplicates: number;
  existing: number;
  outdated: number;
  rejected: Rejection[];
  rejectedTotal: number;
  /** The request had been accepted whole before. */
  repeat: boolean;
}

/**
 * Hands chunks to the ledger one after the other while the body streams in; memory stays at one chunk. After an interruption the same
 * request under the same delivery passes over what was accepted and goes on. Throws `backlog_full`, `idempotency_mismatch`, `unavailable`.
 */
export async function acceptStream(chunks: AsyncIterable<Chunk>, order: Order, deps: ApiDeps): Promise<Accepted> {
  const sum: Accepted = {
    accepted: 0,
    duplicates: 0,
    existing: 0,
    outdated: 0,
    rejected: [],
    rejectedTotal: 0,
    repeat: false,
  };
  let hash = await sha256Hex(JSON.stringify([order.bodyHash, order.options, order.run.label]));
  let count = 0;
  for await (const chunk of chunks) {
    // Chained, so that the last hash stands for the whole body.
    hash = await sha256Hex(`${hash}\n${chunk.raw.join("\n")}`);
    await acceptOne(chunk, { number: count, hash }, order, sum, deps);
    count += 1;
  }
  if (count === 0) throw new AppError("body_invalid", { detail: "There is no item in the body." });
  const { rejected: _, ...summary } = sum;
  const whole = { id: order.delivery, chunks: count, hash: order.bodyHash ?? hash };
  const finish = { delivery: whole, run: order.run.run, who: order.who, summary: { ...summary } };
  const end = await deps.ledger.finishDelivery(finish);
  if (end === "mismatch") throw mismatch();
  return { ...sum, repeat: end === "repeat" };
}

async function acceptOne(
  chunk: Chunk,
  place: { number: number; hash: string },
  order: Order,
  sum: Accepted,
  { ledger, bucket, config }: ApiDeps,
): Promise<void> {
  const { force, onlyMissing } = order.options;
  const inStore = onlyMissing
    ? await storedKeys(
        chunk.images.map(({ id }) => id),
        bucket,
      )
    : new Set<string>();
  const images = chunk.images.map((image) => ({ ...image, keys: image.keys.filter((key) => !inStore.has(key)) }));
  const asked = images.reduce((total, { keys }) => total + keys.length, 0);
  const request = {
    run: order.run,
    delivery: { id: order.delivery, chunk: place.number, hash: place.hash },
    images: images.filter(({ keys }) => keys.length > 0),
    force,
    backlogMax: config.limits.backlogMax,
  };
  const answer = counted(await ledger.acceptChunk(request));
  sum.accepted += answer.accepted;
  sum.duplicates += answer.duplicates + chunk.duplicates;
  sum.existing += answer.existing + chunk.keys - asked;
  sum.outdated += answer.outdated;
  sum.rejectedTotal += chunk.rejected.length;
  sum.rejected.push(...chunk.rejected.slice(0, REJECTIONS_MAX - sum.rejected.length));
}

function counted(answer: ChunkAnswer): Extract<ChunkAnswer, { accepted: number }> {
  switch (answer.status) {
    case "done":
    case "repeat":
      return answer;
    case "mismatch":
      throw mismatch();
    case "full":
      throw new AppError("backlog_full", { retryAfterSeconds: answer.retryAfterSeconds });
    default:
      return answer satisfies never;
  }
}

function mismatch(): AppError {
  return new AppError("idempotency_mismatch", {
    detail: "This request's key was used before with another body. What was accepted then stays.",
  });
}
