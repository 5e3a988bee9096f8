import { createHash } from "node:crypto";
import { beFixedLengthStream } from "@prewarm/shared/testing/fixed-length-stream";

beFixedLengthStream();

export interface Stored {
  bytes: Uint8Array;
  etag: string;
  /** Unix ms; each put is a millisecond after the last one. */
  uploaded: number;
  httpMetadata: R2HTTPMetadata;
  customMetadata: Record<string, string>;
}

/**
 * R2's calls as the handlers use them, in memory: conditions on put, ranges on get, metadata kept. A page of a list has a random length, as
 * R2's documentation allows where metadata is asked for: the end of a list is the page that is not `truncated`, and no other.
 */
export interface MemoryBucket {
  bucket: R2Bucket;
  objects: Map<string, Stored>;
  /** Calls made, such as `put variants/a/800-high.webp`. */
  calls: string[];
  /** Fails the next calls whose text matches, as long as it returns true. */
  fails: (call: string) => boolean;
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  // As in R2, whose length is known: its writer keeps it.
  if (body instanceof ReadableStream) return new Uint8Array(await new Response(body).arrayBuffer());
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return new Uint8Array(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new TypeError("the memory bucket takes text, bytes and streams only");
}

function view(key: string, stored: Stored): R2Object {
  const { etag, bytes, httpMetadata, customMetadata } = stored;
  const uploaded = new Date(stored.uploaded);
  const object = { key, etag, httpEtag: `"${etag}"`, size: bytes.byteLength, uploaded, httpMetadata, customMetadata };
  return object as unknown as R2Object;
}

type R2List = R2ListOptions & { include?: string[] };

/** A list tells only the metadata that was asked for. */
function listed(key: string, stored: Stored | undefined, include: readonly string[]): R2Object {
  if (stored === undefined) throw new Error(`${key} is not stored`);
  const { httpMetadata, customMetadata } = stored;
  return view(key, {
    ...stored,
    httpMetadata: include.includes("httpMetadata") ? httpMetadata : {},
    customMetadata: include.includes("customMetadata") ? customMetadata : {},
  });
}

function withBody(key: string, stored: Stored, range: { offset?: number; length?: number } | undefined): R2ObjectBody {
  const start = range?.offset ?? 0;
  const part = stored.bytes.slice(start, range?.length === undefined ? undefined : start + range.length);
  const body = new Response(part).body;
  const reading = { text: () => new Response(part).text(), arrayBuffer: () => new Response(part).arrayBuffer() };
  return Object.assign(view(key, stored), { body }, reading) as unknown as R2ObjectBody;
}

/**
 * Etags are compared unquoted, as R2 does. Conditions that no code here uses are refused, so that none passes for met; so are conditions on etag
 * and time together, of which R2 ignores one.
 */
function isMet(current: Stored | undefined, condition: R2Conditional | Headers | undefined): boolean {
  if (condition === undefined) return true;
  const all: [string, unknown][] = [...(condition instanceof Headers ? condition : Object.entries(condition))];
  const isByTime = all.length === 2 && all.every(([name]) => name.startsWith("uploaded"));
  if (all.length !== 1 && !isByTime) throw new TypeError("the memory bucket takes one condition, or two of time");
  return all.every(([name, value]) => isTrue(current, name, value));
}

function isTrue(current: Stored | undefined, name: string, value: unknown): boolean {
  if (name === "if-none-match" && value === "*") return current === undefined;
  if (name === "etagMatches") return current?.etag === value;
  // As in R2: where there is no object, only this one of the two is not met.
  if (name === "uploadedAfter" && value instanceof Date)
    return current !== undefined && current.uploaded > value.getTime();
  if (name === "uploadedBefore" && value instanceof Date)
    return current === undefined || current.uploaded < value.getTime();
  throw new TypeError(`the memory bucket knows no condition ${String(name)}`);
}

/** Of pages behind which there are more, so many have no objects. */
const EMPTY_PAGES = 0.2;

/** A cursor says nothing to its holder, as R2's does. `empty`: its page had no objects; the next page has. */
interface Cursor {
  after: string;
  empty: boolean;
}
const printCursor = ({ after, empty }: Cursor): string => `${empty ? "empty" : "after"}:${after}`;
const readCursor = (text: string): Cursor => ({ after: text.slice("empty:".length), empty: text.startsWith("empty:") });

/** How many of the objects that are left stand on a page. */
function pageLength(left: number, limit: number, mayBeEmpty: boolean, random: () => number): number {
  if (left === 0 || (mayBeEmpty && random() < EMPTY_PAGES)) return 0;
  return 1 + Math.floor(random() * Math.min(left, limit));
}

/** Chance in [0, 1) that a seed decides. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** A name up to and including the first delimiter behind the prefix, as a list with a delimiter has it. */
function upTo(delimiter: string | undefined, key: string, prefix: string): string {
  const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
  return at === -1 ? key : key.slice(0, at + 1);
}

interface BucketOptions {
  /** False for a world that runs long and would fill its memory with calls. */
  keepsCalls?: boolean;
  /** Decides how long the pages of lists are, in [0, 1). */
  random?: () => number;
}

export function createMemoryBucket({ keepsCalls = true, random = seeded(1) }: BucketOptions = {}): MemoryBucket {
  const objects = new Map<string, Stored>();
  const memory: MemoryBucket = { bucket: {} as R2Bucket, objects, calls: [], fails: () => false };
  let writes = 0;

  function note(call: string): void {
    if (keepsCalls) memory.calls.push(call);
    if (memory.fails(call)) throw new Error(`R2 is out: ${call}`);
  }

  const bucket = {
    async head(key: string) {
      note(`head ${key}`);
      const stored = objects.get(key);
      return stored === undefined ? null : view(key, stored);
    },
    async get(key: string, options?: { range?: { offset?: number; length?: number } }) {
      note(`get ${key}`);
      const stored = objects.get(key);
      return stored === undefined ? null : withBody(key, stored, options?.range);
    },
    async put(key: string, body: unknown, options: R2PutOptions = {}) {
      note(`put ${key}`);
      const bytes = await bytesOf(body);
      if (!isMet(objects.get(key), options.onlyIf)) return null;
      writes += 1;
      const etag = createHash("md5").update(bytes).update(String(writes)).digest("hex");
      const httpMetadata = (options.httpMetadata ?? {}) as R2HTTPMetadata;
      const stored = { bytes, etag, uploaded: writes, httpMetadata, customMetadata: options.customMetadata ?? {} };
      objects.set(key, stored);
      return view(key, stored);
    },
    async delete(keys: string | string[]) {
      for (const key of [keys].flat()) {
        note(`delete ${key}`);
        objects.delete(key);
      }
    },
    async list({ prefix = "", startAfter = "", cursor, limit = 1000, include = [], delimiter }: R2List = {}) {
      note(`list ${prefix}`);
      const { after, empty } = cursor === undefined ? { after: startAfter, empty: false } : readCursor(cursor);
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      const left = [...new Set(keys.map((key) => upTo(delimiter, key, prefix)))];
      const found = left.slice(0, pageLength(left.length, limit, !empty, random));
      const [names, folders] = [found.filter((name) => objects.has(name)), found.filter((name) => !objects.has(name))];
      const last = found.at(-1);
      const next = {
        after: last === undefined ? after : folders.includes(last) ? `${last}\uffff` : last,
        empty: found.length === 0,
      };
      const more = found.length < left.length ? { truncated: true, cursor: printCursor(next) } : { truncated: false };
      return {
        objects: names.map((key) => listed(key, objects.get(key), include)),
        ...more,
        delimitedPrefixes: folders,
      };
    },
  };
  memory.bucket = bucket as unknown as R2Bucket;
  return memory;
}
