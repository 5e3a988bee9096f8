import type { Config } from "@prewarm/shared/config";
import { readImageHeader } from "@prewarm/shared/image-header";
import { giveUp, joined } from "@prewarm/shared/read-at-most";
import type { StagedName } from "@prewarm/shared/staged-name";
import type { Semaphore } from "../platform/semaphore.ts";
import { putStaged } from "../store/staged.ts";
import { judge, type ProbedOriginal, READS, wantsMore } from "./probe.ts";
import { type Opened, openUrl } from "./read-start.ts";

/** R2 takes a stream of a known length only, so an original of unknown length is read into memory first; a longer one is not. Chosen. */
export const UNKNOWN_MAX_BYTES = 10_000_000;

interface StageDeps {
  fetch: typeof fetch;
  images: Pick<R2Bucket, "put">;
  config: Pick<Config, "limits" | "labels">;
  /** Bytes held at once. */
  memory: Pick<Semaphore, "run">;
  stagedUrl(name: StagedName): Promise<string>;
  /** Called between the first bytes and the put. */
  opened(): Promise<void>;
}

/** An original that is no picture is told as a probe tells it. `taken`: something is staged under this name already. */
export type StageResult = ProbedOriginal | { kind: "taken" } | { kind: "unstaged"; why: string };

/**
 * Copies an original from its URL into R2, under its name, with one request. Its first bytes are judged before, as a probe judges them. Throws
 * when R2 or the origin fails in the middle.
 */
export async function stageOriginal(
  url: string,
  name: StagedName,
  deps: StageDeps,
  signal: AbortSignal,
): Promise<StageResult> {
  const opened = await openUrl(url, deps.fetch, signal);
  if (opened.kind === "missing") return { kind: "refused", code: "missing", message: "the original does not exist" };
  if (opened.kind === "failed") return opened;
  const reader = (opened.body ?? new Response(new Uint8Array()).body)?.getReader();
  if (reader === undefined) return { kind: "unstaged", why: "The original has no body." };
  try {
    return await stage({ ...opened, reader }, name, deps, signal);
  } finally {
    // Of a body that was read to its end this does nothing.
    await giveUp(reader);
  }
}

interface Reading extends Omit<Opened, "kind" | "body"> {
  reader: ReadableStreamDefaultReader<Uint8Array>;
}

async function stage(reading: Reading, name: StagedName, deps: StageDeps, signal: AbortSignal): Promise<StageResult> {
  const { total, etag, reader } = reading;
  const { start, header, isEnd } = await readStart(reading, deps);
  const length = total ?? (isEnd ? start.byteLength : null);
  const input = () => deps.stagedUrl(name);
  const judged = judge({ kind: "bytes", bytes: start, total: length, etag }, header, input, deps);
  if (judged.kind !== "image") return judged;
  await deps.opened();
  if (length === null) return deps.memory.run(() => stageRest(start, judged, reader, name, deps), WEIGHT);
  const isPut = await putStream({ start, length, reader }, signal, (body) =>
    putStaged(deps.images, name, body, judged),
  );
  return isPut ? judged : { kind: "taken" };
}

/** As many bytes as tell of the picture, as a probe reads them. `isEnd`: there are no more. */
async function readStart({ reader, total, etag }: Reading, { config }: Pick<StageDeps, "config">) {
  const chunks: Uint8Array[] = [];
  let [length, isEnd] = [0, false];
  for (const most of READS) {
    while (length < most && !isEnd) {
      const { done, value } = await reader.read();
      isEnd = done;
      if (value === undefined) continue;
      chunks.push(value);
      length += value.byteLength;
    }
    const start = joined(chunks, length);
    const header = readImageHeader(start);
    const isLast = isEnd || most === READS.at(-1);
    if (isLast || !wantsMore({ kind: "bytes", bytes: start, total, etag }, most, header, config))
      return { start, header, isEnd };
  }
  throw new Error("an original has no reads");
}

const WEIGHT = { weight: UNKNOWN_MAX_BYTES };

/** Reads on to the end of an original of unknown length, and puts it. */
async function stageRest(
  start: Uint8Array,
  judged: Extract<ProbedOriginal, { kind: "image" }>,
  reader: Reading["reader"],
  name: StagedName,
  deps: StageDeps,
): Promise<StageResult> {
  const chunks = [start];
  let length = start.byteLength;
  for (let next = await reader.read(); !next.done && length <= UNKNOWN_MAX_BYTES; next = await reader.read()) {
    chunks.push(next.value);
    length += next.value.byteLength;
  }
  if (length > UNKNOWN_MAX_BYTES) return { kind: "unstaged", why: TOO_LONG };
  const isPut = await putStaged(deps.images, name, joined(chunks, length), judged);
  return isPut ? { ...judged, bytes: length } : { kind: "taken" };
}

const TOO_LONG = `Its origin does not say how long it is, and it has more than ${UNKNOWN_MAX_BYTES / 1_000_000} MB.`;

/** Hands a stream of known length to a put, and ends it when the put has ended, which may be before its last byte. */
async function putStream(
  { start, length, reader }: { start: Uint8Array; length: number; reader: Reading["reader"] },
  signal: AbortSignal,
  put: (body: ReadableStream) => Promise<boolean>,
): Promise<boolean> {
  const { readable, writable } = new FixedLengthStream(length);
  const writer = writable.getWriter();
  const stop = (reason: unknown) => writer.abort(reason).catch(() => undefined);
  signal.addEventListener("abort", () => void stop(signal.reason), { once: true });
  const pump = async (): Promise<void> => {
    await writer.write(start);
    for (let next = await reader.read(); !next.done; next = await reader.read()) await writer.write(next.value);
    await writer.close();
  };
  // A body of another length, or one that breaks off, fails the put.
  pump().catch(stop);
  try {
    return await put(readable);
  } finally {
    await stop("the put has ended");
  }
}
