import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { backoffMs } from "../platform/backoff.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";

/** How far the reading of files of known size has come, for the progress bar. */
export interface Meter {
  readBytes: number;
  /** Null: some input's size is not known (stdin, the web, R2). */
  totalBytes: number | null;
}

const TRIES = 4;

/** Checks that the file is there and adds its size to the meter, before anything is sent. */
export async function measureFile(path: string, meter: Meter, { cwd }: Pick<Context, "cwd">): Promise<void> {
  const info = await stat(resolve(cwd, path)).catch(() => null);
  if (info === null) throw usageError(`${path} is not found.`);
  if (info.isDirectory()) throw usageError(`${path} is a directory.`);
  if (!info.isFile())
    meter.totalBytes = null; // a pipe, such as <(command)
  else if (meter.totalBytes !== null) meter.totalBytes += info.size;
}

/** A file's bytes, unzipped when they are gzip. */
export async function* openFile(path: string, meter: Meter, { cwd }: Pick<Context, "cwd">): AsyncGenerator<Uint8Array> {
  async function* count(): AsyncGenerator<Uint8Array> {
    const file = await open(resolve(cwd, path)).catch(() => null);
    if (file === null) throw usageError(`${path} cannot be read.`);
    for await (const chunk of file.createReadStream({ highWaterMark: 64 * 1024 })) {
      meter.readBytes += chunk.length;
      yield chunk;
    }
  }
  yield* unzipped(count(), path);
}

/** Bytes, unzipped when they begin as gzip does; of a pipe too, which can be read only once. */
export async function* unzipped(bytes: AsyncIterable<Uint8Array>, place: string): AsyncGenerator<Uint8Array> {
  const { start, all } = await peek(bytes);
  yield* start?.[0] === 0x1f && start[1] === 0x8b ? gunzip(all, place) : all;
}

/** The first piece, null where there is none, and all the bytes, that piece included. */
export async function peek(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ start: Uint8Array | null; all: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    if (first.done) return;
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start: first.done ? null : first.value, all: all() };
}

/** The bytes of a file or of a URL as they are stored. Throws exit code 2 or 4 when they cannot be read. */
export async function* openStored(place: string, context: Context): AsyncGenerator<Uint8Array> {
  try {
    if (isUrl(place)) yield* (await get(place, context)).body ?? [];
    else yield* createReadStream(resolve(context.cwd, place), { highWaterMark: 64 * 1024 });
  } catch (error) {
    if (error instanceof CliError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (isUrl(place)) throw new CliError(EXIT.unreachable, `${place} broke off: ${why}.`);
    throw usageError(`${place} cannot be read: ${why}.`);
  }
}

export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** A web page's bytes, unzipped when they are gzip by name or type. Throws exit code 4 when it cannot be had. */
export async function* openUrl(url: string, context: Context): AsyncGenerator<Uint8Array> {
  const response = await get(url, context);
  const body = response.body;
  if (body === null) return;
  const zipped = /\.gz$/i.test(new URL(url).pathname) || /gzip/.test(response.headers.get("content-type") ?? "");
  try {
    yield* zipped ? gunzip(body, url) : body;
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.unreachable, `${url} broke off: ${error instanceof Error ? error.message : error}.`);
  }
}

async function get(url: string, { fetch, clock, sleep, interrupts }: Context): Promise<Response> {
  let why = "";
  for (let n = 1; n <= TRIES; n += 1) {
    try {
      const response = await fetch(url, { signal: interrupts.stop });
      if (response.ok) return response;
      why = `it answers ${response.status}`;
      await response.body?.cancel();
      if (response.status < 500 && response.status !== 429) throw usageError(`${url} cannot be read: ${why}.`);
    } catch (error) {
      if (error instanceof CliError) throw error;
      why = error instanceof Error ? error.message : String(error);
    }
    if (interrupts.stop.aborted) throw new CliError(EXIT.interrupted, "Interrupted.");
    if (n < TRIES) await sleep(backoffMs(n, clock.random), interrupts.stop);
  }
  throw new CliError(EXIT.unreachable, `${url} cannot be read: ${why}.`);
}

/** What gzip bytes unzip to. Throws a usage error that names `place` when they are cut off or no gzip. */
export async function* gunzip(bytes: AsyncIterable<Uint8Array>, place: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(bytes);
  const unzip = createGunzip();
  source.on("error", (error) => unzip.destroy(error));
  try {
    yield* source.pipe(unzip);
  } catch (error) {
    throw usageError(`${place} is no gzip file, or is cut off: ${error instanceof Error ? error.message : error}.`);
  }
}
