import type { ControlApi } from "../api/control-api.ts";
import type { Read } from "../input/item.ts";
import type { Context } from "../platform/context.ts";
import { interrupted } from "../platform/http-request.ts";
import { CHUNK_BYTES_MAX, CHUNK_ITEMS_MAX, chunkItems } from "./chunk-items.ts";
import { newRunId } from "./run-state.ts";
import { sendChunk, splitRejected } from "./send-chunk.ts";

interface Sending {
  api: ControlApi;
  /** Unix ms after which nothing is sent any more. */
  deadline: number;
  context: Context;
}

/** Sends a list that is in memory as one run. It keeps no state: sent again, what is stored or under way is not made twice. */
export async function sendItems(reads: readonly Read[], label: string, { api, deadline, context }: Sending) {
  const options = { defaults: {}, label, force: false, onlyMissing: false, chunkItems: CHUNK_ITEMS_MAX };
  const counts = { run: newRunId(), accepted: 0, duplicates: 0, existing: 0, refused: 0 };
  async function* all(): AsyncGenerator<readonly Read[]> {
    yield reads;
  }
  const chunks = chunkItems(all(), {
    maxItems: CHUNK_ITEMS_MAX,
    maxBytes: CHUNK_BYTES_MAX,
    defaults: {},
    onBad: () => {},
  });
  for await (const chunk of chunks) {
    if (context.interrupts.stop.aborted) throw interrupted();
    const answer = await sendChunk(api, counts.run, chunk, options, { deadline, onThrottled: () => {} });
    counts.accepted += answer.accepted;
    counts.duplicates += answer.duplicates;
    counts.existing += answer.existing;
    counts.refused += splitRejected(answer).refusedTotal;
  }
  return counts;
}
