import { QUEUE_BATCH_MAX_BYTES, QUEUE_BATCH_MAX_MESSAGES } from "@prewarm/shared/limits";

/** The platform counts about this much for each message beside its body. */
const OVERHEAD_BYTES = 100;
const encoder = new TextEncoder();

/** Cuts messages into batches that one sendBatch takes: at most 100, and at most 245,000 bytes as JSON. Order is kept. */
export function chunkMessages<T>(messages: readonly { body: T }[]): { body: T }[][] {
  const chunks: { body: T }[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = encoder.encode(JSON.stringify(message.body)).length + OVERHEAD_BYTES;
    const last = chunks.at(-1);
    if (last === undefined || last.length >= QUEUE_BATCH_MAX_MESSAGES || bytes + size > QUEUE_BATCH_MAX_BYTES) {
      chunks.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return chunks;
}
