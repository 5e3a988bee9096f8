import { createHash } from "node:crypto";

export interface Stored {
  bytes: Uint8Array;
  etag: string;
  httpMetadata: R2HTTPMetadata;
  customMetadata: Record<string, string>;
}

/** R2's calls as the handlers use them, in memory: conditions on put, ranges on get, metadata kept. */
export interface MemoryBucket {
  bucket: R2Bucket;
  objects: Map<string, Stored>;
  /** Calls made, such as `put variants/a/800-high.webp`. */
  calls: string[];
  /** Fails the next calls whose text matches, as long as it returns true. */
  fails: (call: string) => boolean;
}

function bytesOf(body: unknown): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return new Uint8Array(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new TypeError("the memory bucket takes text and bytes only");
}

function view(key: string, stored: Stored): R2Object {
  const { etag, bytes, httpMetadata, customMetadata } = stored;
  const object = { key, etag, httpEtag: `"${etag}"`, size: bytes.byteLength, httpMetadata, customMetadata };
  return object as unknown as R2Object;
}

function withBody(key: string, stored: Stored, range: { offset?: number; length?: number } | undefined): R2ObjectBody {
  const start = range?.offset ?? 0;
  const part = stored.bytes.slice(start, range?.length === undefined ? undefined : start + range.length);
  const body = new Response(part).body;
  const reading = { text: () => new Response(part).text(), arrayBuffer: () => new Response(part).arrayBuffer() };
  return Object.assign(view(key, stored), { body }, reading) as unknown as R2ObjectBody;
}

/** `etagDoesNotMatch: "*"` is create-if-absent; etags are compared unquoted, as R2 does. */
function isMet(current: Stored | undefined, condition: R2Conditional | undefined): boolean {
  if (condition === undefined) return true;
  const { etagMatches, etagDoesNotMatch } = condition;
  if (etagMatches !== undefined && current?.etag !== etagMatches) return false;
  if (etagDoesNotMatch === "*") return current === undefined;
  return etagDoesNotMatch === undefined || current?.etag !== etagDoesNotMatch;
}

/** `keepsCalls`: false for a world that runs long and would fill its memory with them. */
export function createMemoryBucket(keepsCalls = true): MemoryBucket {
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
      const bytes = bytesOf(body);
      if (!isMet(objects.get(key), options.onlyIf as R2Conditional | undefined)) return null;
      writes += 1;
      const etag = createHash("md5").update(bytes).update(String(writes)).digest("hex");
      const httpMetadata = (options.httpMetadata ?? {}) as R2HTTPMetadata;
      const stored = { bytes, etag, httpMetadata, customMetadata: options.customMetadata ?? {} };
      objects.set(key, stored);
      return view(key, stored);
    },
    async delete(keys: string | string[]) {
      for (const key of [keys].flat()) {
        note(`delete ${key}`);
        objects.delete(key);
      }
    },
    async list({ prefix = "", startAfter, cursor, limit = 1000 }: R2ListOptions = {}) {
      note(`list ${prefix}`);
      const after = cursor ?? startAfter ?? "";
      const all = [...objects]
        .filter(([key]) => key.startsWith(prefix) && key > after)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const found = all.slice(0, limit).map(([key, stored]) => view(key, stored));
      const more = all.length > limit ? { truncated: true, cursor: found.at(-1)?.key ?? "" } : { truncated: false };
      return { objects: found, ...more, delimitedPrefixes: [] };
    },
  };
  memory.bucket = bucket as unknown as R2Bucket;
  return memory;
}
