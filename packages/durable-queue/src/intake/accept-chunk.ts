import { openJobs } from "../admission/slots.ts";
import type { AcceptChunk, ChunkAnswer, FinishRequest, Parts } from "../calls.ts";
import { FULL_BYTES } from "../limits.ts";
import { nextDay } from "../tables/gate-state.ts";
import { readInbox, writeInbox } from "../tables/inbox.ts";
import { laneRule } from "../tables/lanes.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { orderedBy } from "../tx/runs.ts";
import { accept } from "./accept.ts";

/**
 * The record of a chunk. The record of the first chunk also stands for the whole delivery, with its hash once it is
 * finished.
 */
type ChunkRecord = [
  hash: string,
  accepted: number,
  duplicates: number,
  existing: number,
  outdated: number,
  closed: 0 | 1,
];
type Done = Extract<ChunkAnswer, { outdated: number }>;

/** Characters of a hash that distinguish two chunks: 128 bits. */
const HASH_CHARS = 32;

function encodeRecord(hash: string, { accepted, duplicates, existing, outdated, closed }: Done): string {
  const told: ChunkRecord = [
    hash.slice(0, HASH_CHARS),
    accepted,
    duplicates,
    existing,
    outdated,
    closed === true ? 1 : 0,
  ];
  return JSON.stringify(told);
}

/** The earlier answer to this chunk. Null: the record is of another hash. */
function decodeRecord(text: string, hash: string): Done | null {
  const [said, accepted, duplicates, existing, outdated, closed] = JSON.parse(text) as ChunkRecord;
  if (said !== hash.slice(0, HASH_CHARS)) return null;
  const counted = { accepted, duplicates, existing, outdated };
  return { status: "repeat", ...counted, ...(closed === 1 ? { closed: true as const } : {}) };
}

function chunkId(delivery: string, chunk: number): string {
  return `${delivery}#${chunk}`;
}

/** Retry-After of a refusal for a full backlog. */
const FULL_RETRY_SECONDS = 60;
/** Retry-After of a refusal for a full queue. Housekeeping has run by then. */
const NO_ROOM_RETRY_SECONDS = 3_600;

/**
 * Accepts one chunk of a request: rows, run and record in one transaction. The same chunk again gets the same answer.
 * `isCurrent`: false for a group whose parts are outdated; called once per group of a chunk that is new. Throws
 * TypeError for a key that `checkKey` refuses.
 */
export function acceptChunk<G extends Parts>(
  tx: QueueTx,
  chunk: AcceptChunk<G>,
  isCurrent: (group: G) => boolean,
): ChunkAnswer {
  const { delivery, run, force, finish } = chunk;
  const inboxId = chunkId(delivery.id, delivery.chunk);
  const known = readInbox(tx, inboxId);
  if (known !== null) {
    const told = decodeRecord(known.answer, delivery.hash);
    if (told === null) return { status: "mismatch" };
    return finish !== undefined && finish.hash === known.hash ? { ...told, finished: true } : told;
  }
  const { background } = laneRule(tx.lanes, run.lane);
  const size = chunk.groups.reduce((sum, { parts }) => sum + parts.length, 0);
  if (size > 0 && openJobs(tx) + size > chunk.backlogMax)
    return { status: "full", retryAfterSeconds: FULL_RETRY_SECONDS };
  if (size > 0 && run.most !== undefined && orderedBy(tx.runs.byId(run.run)) >= run.most)
    return { status: "run_full", retryAfterSeconds: Math.ceil((nextDay(tx.now) - tx.now) / 1000) };
  if (size > 0 && background && tx.sql.bytes > FULL_BYTES)
    return { status: "no_room", retryAfterSeconds: NO_ROOM_RETRY_SECONDS };
  const current = chunk.groups.filter(isCurrent);
  const keys = current.flatMap(({ group, parts }) => parts.map((part) => ({ group, part })));
  const counted = accept(tx, { ...run, keys, force });
  const answer = { status: "done" as const, ...counted, outdated: size - keys.length };
  const record = encodeRecord(delivery.hash, answer);
  writeInbox(tx, { id: inboxId, hash: finish?.hash ?? "", run: run.run, answer: record });
  const row = tx.runs.byId(run.run);
  if (row !== null && background) row.accepting = 1;
  return finish === undefined ? answer : { ...answer, finished: true };
}

/** Finishes a request: its record answers repeats, and its run accepts no more rows. */
export function finishDelivery(tx: QueueTx, { delivery, run }: FinishRequest): "done" | "repeat" | "mismatch" {
  const id = chunkId(delivery.id, 0);
  const known = readInbox(tx, id);
  if (known !== null && known.hash !== "") return known.hash === delivery.hash ? "repeat" : "mismatch";
  writeInbox(tx, { id, hash: delivery.hash, run: run ?? "", answer: known?.answer ?? "[]" });
  const row = run === null ? null : tx.runs.byId(run);
  if (row !== null) row.accepting = 0;
  return "done";
}

/** The run and hash of a finished delivery. */
export function findDelivery(tx: QueueTx, id: string): { run: string; hash: string } | null {
  const known = readInbox(tx, chunkId(id, 0));
  return known === null || known.hash === "" ? null : { run: known.run, hash: known.hash };
}

/** Whether the first chunk of a delivery was accepted before. */
export function isHeard(tx: QueueTx, delivery: string): boolean {
  return readInbox(tx, chunkId(delivery, 0)) !== null;
}
