import { LEDGER_FULL_BYTES } from "@prewarm/shared/limits";
import { encodeId } from "@prewarm/shared/variant-key";
import type { AcceptChunk, AcceptImage, ChunkAnswer, FinishRequest } from "../contract.ts";
import { audit } from "../tables/audit.ts";
import { readInbox, writeInbox } from "../tables/inbox.ts";
import { addRejections } from "../tables/rejections.ts";
import { type LaneCode, laneCode } from "../tables/row.ts";
import { accept } from "./accept.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { isNewer, newOriginal } from "./new-original.ts";
import { openJobs } from "./open-jobs.ts";

/**
 * The record of a chunk. The record of the first chunk also stands for the whole delivery, with its hash once it is
 * finished.
 */
type Told = [hash: string, accepted: number, duplicates: number, existing: number, outdated: number, closed: 0 | 1];
type Done = Extract<ChunkAnswer, { outdated: number }>;

/** Characters of a hash that distinguish two chunks: 128 bits. */
const HASH_CHARS = 32;

function printTold(hash: string, { accepted, duplicates, existing, outdated, closed }: Done): string {
  const told: Told = [hash.slice(0, HASH_CHARS), accepted, duplicates, existing, outdated, closed === true ? 1 : 0];
  return JSON.stringify(told);
}

/** The earlier answer to this chunk. Null: the record is of another hash. */
function readTold(text: string, hash: string): Done | null {
  const [said, accepted, duplicates, existing, outdated, closed] = JSON.parse(text) as Told;
  if (said !== hash.slice(0, HASH_CHARS)) return null;
  const counted = { accepted, duplicates, existing, outdated };
  return { status: "repeat", ...counted, ...(closed === 1 ? { closed: true as const } : {}) };
}

function chunkId(delivery: string, chunk: number): string {
  return `${delivery}#${chunk}`;
}

/** Retry-After of a refusal for a full backlog. */
const FULL_RETRY_SECONDS = 60;
/** Retry-After of a refusal for a full ledger. Housekeeping has run by then. */
const NO_ROOM_RETRY_SECONDS = 3_600;

/**
 * Accepts one chunk of a request: rows, run and record in one transaction. The same chunk again gets the same answer.
 */
export function acceptChunk(tx: LedgerTx, chunk: AcceptChunk): ChunkAnswer {
  const { delivery, run, force } = chunk;
  const inboxId = chunkId(delivery.id, delivery.chunk);
  const known = readInbox(tx, inboxId);
  if (known !== null) {
    return readTold(known.answer, delivery.hash) ?? { status: "mismatch" };
  }
  const size = chunk.images.reduce((sum, { keys }) => sum + keys.length, 0);
  if (size > 0 && openJobs(tx) + size > chunk.backlogMax)
    return { status: "full", retryAfterSeconds: FULL_RETRY_SECONDS };
  if (size > 0 && run.lane === "bulk" && tx.sql.bytes > LEDGER_FULL_BYTES)
    return { status: "no_room", retryAfterSeconds: NO_ROOM_RETRY_SECONDS };
  const current = chunk.images.filter((image) => noteOriginal(tx, image, laneCode(run.lane)));
  const keys = current.flatMap((image) => image.keys);
  const counted = accept(tx, { ...run, keys, force });
  const answer = { status: "done" as const, ...counted, outdated: size - keys.length };
  writeInbox(tx, { id: inboxId, hash: "", run: run.run, answer: printTold(delivery.hash, answer) });
  const row = tx.runs.byId(run.run);
  if (row !== null && run.lane === "bulk") row.accepting = 1;
  return answer;
}

/** Notes the current original of an image. False: the ledger knows a newer original, so the event is outdated. */
function noteOriginal(tx: LedgerTx, { id, order, sourceEtag: etag }: AcceptImage, lane: LaneCode): boolean {
  if (order === null && etag === null) return true;
  const encoded = encodeId(id);
  const image = tx.images.get(encoded);
  const known = image.ordering;
  if (order !== null) {
    if (known !== null && isNewer(known, order)) return false;
    newOriginal(tx, { id: encoded, order, etag }, lane);
    return true;
  }
  if (image.etag === etag) return true;
  if (image.etag === null && known === null) {
    // This is the first etag of the image. Stored variants count as made from it, because nothing contradicts that.
    image.etag = etag;
    return true;
  }
  // Another etag without an order is a new original. The order of events stays.
  image.ordering = null;
  newOriginal(tx, { id: encoded, order: known ?? "", etag }, lane);
  return true;
}

/** Finishes a request: its record answers repeats, and its run accepts no more rows. */
export function finishDelivery(
  tx: LedgerTx,
  { delivery, run, who, summary, rejected }: FinishRequest,
): "done" | "repeat" | "mismatch" {
  const id = chunkId(delivery.id, 0);
  const known = readInbox(tx, id);
  if (known !== null && known.hash !== "") return known.hash === delivery.hash ? "repeat" : "mismatch";
  writeInbox(tx, { id, hash: delivery.hash, run: run ?? "", answer: known?.answer ?? "[]" });
  const row = run === null ? null : tx.runs.byId(run);
  if (row !== null && rejected !== undefined && rejected.total > 0) {
    row.rejected += rejected.total;
    addRejections(tx.sql, row.n, rejected.first, tx.now);
  }
  if (row !== null && row.lane === laneCode("bulk")) {
    row.accepting = 0;
    row.who = who;
    audit(tx, who, "warm", run, summary);
  }
  return "done";
}

/** The run and hash of a finished delivery. */
export function findDelivery(tx: LedgerTx, id: string): { run: string; hash: string } | null {
  const known = readInbox(tx, chunkId(id, 0));
  return known === null || known.hash === "" ? null : { run: known.run, hash: known.hash };
}
