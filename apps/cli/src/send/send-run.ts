import type { ControlApi } from "../api/control-api.ts";
import type { Namer } from "../input/item.ts";
import type { Meter } from "../input/open-bytes.ts";
import { measureInput, readInput } from "../input/read-input.ts";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";
import type { Snapshot } from "../terminal/progress.ts";
import { CHUNK_BYTES_MAX, type Chunk, chunkItems } from "./chunk-items.ts";
import type { Complaints } from "./complaints.ts";
import { createPace } from "./pace.ts";
import type { RunState, StateStore } from "./run-state.ts";
import { type Accepted, sendChunk, splitRejected } from "./send-chunk.ts";

/**
 * The state is written at most this often, ms: where the server takes a chunk a second, after every chunk. After a crash the chunks of this
 * time are sent again under their keys, and answered as before.
 */
const SAVE_MS = 250;

export interface Sending {
  api: ControlApi;
  context: Context;
  namer: Namer;
  store: StateStore;
  complaints: Complaints;
  /** Images per second; null: as fast as the server takes them. */
  rate: number | null;
  /** Unix ms after which nothing is sent any more. */
  deadline: number;
  update(snapshot: Snapshot): void;
}

/**
 * Sends all of a run's input that has not been sent yet, and keeps `state` and its file in step with what the server has accepted.
 * Throws 130 when interrupted; the state then says where to go on. Throws a usage error when the input is not what it was.
 */
export async function sendRun(state: RunState, sending: Sending): Promise<void> {
  const { context, store } = sending;
  const meter = await measureInput(state.input, context);
  const reads = readInput(state.input, sending.namer, meter, context);
  const pace = createPace(sending.rate, context);
  const tally = { bad: state.counts.bad, throttled: 0 };
  const chunks = chunkItems(reads, {
    maxItems: state.options.chunkItems,
    maxBytes: CHUNK_BYTES_MAX,
    defaults: state.options.defaults,
    onBad(place, reason, number) {
      // Lines within the part that was accepted before were told and counted then.
      if (number <= state.chunks) return;
      tally.bad += 1;
      sending.complaints.add(place, reason);
    },
  });
  const save = saver(state, sending);
  let last = 0;
  try {
    for await (const chunk of chunks) {
      last = chunk.number;
      if (context.interrupts.stop.aborted) throw interrupted();
      if (isSentAlready(state, chunk)) continue;
      await pace(chunk.items.length);
      if (context.interrupts.stop.aborted) throw interrupted();
      const onThrottled = (): void => {
        tally.throttled += 1;
        sending.update(snapshotOf(state, tally, meter));
      };
      const answer = await sendChunk(sending.api, state.run, chunk, state.options, {
        deadline: sending.deadline,
        onThrottled,
      });
      record(state, chunk, answer, tally.bad);
      save.soon();
      complain(sending.complaints, chunk, answer);
      sending.update(snapshotOf(state, tally, meter));
      context.tidy();
    }
  } finally {
    save.now();
  }
  if (last < state.chunks) throw inputChanged(state);
  state.counts.bad = tally.bad;
  state.sent = true;
  store.save(state);
}

/** Writes the state while a run is sent: `soon` when the last time is long enough ago, `now` what was not written yet. */
function saver(state: RunState, { store, context }: Sending) {
  let savedAt = Number.NEGATIVE_INFINITY;
  let saved = state.chunks;
  const now = (): void => {
    if (state.chunks === saved) return;
    store.save(state);
    [saved, savedAt] = [state.chunks, context.clock.now()];
  };
  return { now, soon: () => context.clock.now() - savedAt >= SAVE_MS && now() };
}

/**
 * Of a run whose input is all sent: refuses stdin that is not what it was. Nothing on stdin is fine, for nothing is needed of it. Other inputs
 * are not looked at again.
 */
export async function checkSentInput(
  state: RunState,
  { namer, context }: Pick<Sending, "namer" | "context">,
): Promise<void> {
  const reads = readInput(state.input, namer, { readBytes: 0, totalBytes: null }, context);
  const { chunkItems: maxItems, defaults } = state.options;
  let last = 0;
  for await (const chunk of chunkItems(reads, { maxItems, maxBytes: CHUNK_BYTES_MAX, defaults, onBad: () => {} })) {
    last = chunk.number;
    if (!isSentAlready(state, chunk)) throw inputChanged(state);
  }
  if (last > 0 && last < state.chunks) throw inputChanged(state);
}

function isSentAlready(state: RunState, chunk: Chunk): boolean {
  if (chunk.number === state.chunks && chunk.fingerprint !== state.fingerprint) throw inputChanged(state);
  return chunk.number <= state.chunks;
}

function inputChanged({ run }: RunState): Error {
  return usageError(
    `The input is not what it was when ${run} began, so it cannot be resumed.`,
    "Start a new run: what is stored or under way already is not made twice.",
  );
}

function record(state: RunState, chunk: Chunk, answer: Accepted, bad: number): void {
  const { counts } = state;
  const { refusedTotal, passedThrough } = splitRejected(answer);
  const run = chunk.order.run ?? state.run;
  if (!state.runs.includes(run)) state.runs.push(run);
  state.chunks = chunk.number;
  state.fingerprint = chunk.fingerprint;
  state.counts = {
    images: counts.images + chunk.items.length,
    bad,
    rejected: counts.rejected + refusedTotal,
    passedThrough: counts.passedThrough + passedThrough,
    accepted: counts.accepted + answer.accepted,
    duplicates: counts.duplicates + answer.duplicates,
    existing: counts.existing + answer.existing,
  };
}

/** Says which lines the server refused. */
export function complain(
  complaints: Complaints,
  { places }: Chunk,
  answer: Pick<Accepted, "rejected" | "rejectedTotal">,
): void {
  const { refused, refusedTotal } = splitRejected(answer);
  for (const { index, code, message } of refused)
    complaints.add(places[index] ?? `item ${index}`, `${message} (${code})`);
  complaints.count(refusedTotal - refused.length);
}

function snapshotOf(
  { counts }: RunState,
  tally: { bad: number; throttled: number },
  { readBytes, totalBytes }: Meter,
): Snapshot {
  return {
    label: "sending",
    unit: "images",
    done: counts.images,
    total: null,
    share: totalBytes === null ? null : readBytes / totalBytes,
    failed: counts.rejected + tally.bad,
    throttled: tally.throttled,
  };
}
