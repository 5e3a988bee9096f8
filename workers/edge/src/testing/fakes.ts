import { CHANGES_KEY } from "@prewarm/shared/changes";
import { beFixedLengthStream } from "@prewarm/shared/testing/fixed-length-stream";
import type { EdgeCache, ObjectStore, StoredObject } from "../bindings.ts";

beFixedLengthStream();

interface FakeObject {
  bytes: Uint8Array;
  uploaded: Date;
  customMetadata?: Record<string, string> | undefined;
  /** Default: none, as of an object that was put by hand. */
  contentType?: string;
}

export interface FakeBucket extends ObjectStore {
  objects: Map<string, FakeObject>;
  /** Keys asked for, in order, without the changes object, which each isolate reads now and then. */
  reads: string[];
  store(key: string, content: Uint8Array | string, uploaded?: Date, customMetadata?: Record<string, string>): void;
}

/** A bucket in memory. Objects have the etag that R2 gives: one that changes with the bytes. */
export function createFakeBucket(): FakeBucket {
  const objects = new Map<string, FakeObject>();
  const reads: string[] = [];
  return {
    objects,
    reads,
    store: (key, content, uploaded = new Date("2026-11-01T12:00:00Z"), customMetadata = undefined) => {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      objects.set(key, { bytes, uploaded, customMetadata });
    },
    get: async (key, options) => {
      if (key !== CHANGES_KEY) reads.push(key);
      const found = objects.get(key);
      return found === undefined ? null : toObject(found, options?.range);
    },
    head: async (key) => {
      reads.push(key);
      const found = objects.get(key);
      return found === undefined ? null : { size: found.bytes.length };
    },
  };
}

export function etagOf(bytes: Uint8Array): string {
  return `"${bytes.reduce((hash, byte) => (hash * 31 + byte) >>> 0, bytes.length)}"`;
}

function toObject(
  { bytes, uploaded, customMetadata, contentType }: FakeObject,
  range?: { offset: number; length: number },
): StoredObject {
  const part = range === undefined ? bytes : bytes.slice(range.offset, range.offset + range.length);
  return {
    size: bytes.length,
    httpEtag: etagOf(bytes),
    uploaded,
    customMetadata,
    httpMetadata: { contentType },
    body: chunked(part),
    text: async () => new TextDecoder().decode(part),
    arrayBuffer: async () => part.slice().buffer,
  };
}

/** In chunks of 4 bytes, so that slices have to be cut out of several. */
function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + 4));
      at += 4;
    },
  });
}

export interface FakeCache extends EdgeCache {
  entries: Map<string, { bytes: ArrayBuffer; headers: Headers; until: number }>;
}

/** The Cache API as far as the edge relies on it: whole 200 answers with a max-age, forgotten when it is over. */
export function createFakeCache(now: () => number): FakeCache {
  const entries: FakeCache["entries"] = new Map();
  return {
    entries,
    match: async (url) => {
      const entry = entries.get(url);
      if (entry === undefined || now() >= entry.until) return undefined;
      const headers = new Headers(entry.headers);
      headers.set("Content-Length", String(entry.bytes.byteLength));
      return new Response(entry.bytes.slice(0), { headers });
    },
    put: async (url, response) => {
      if (response.status !== 200) throw new TypeError("only whole answers are stored");
      const seconds = Number(/max-age=(\d+)/.exec(response.headers.get("Cache-Control") ?? "")?.[1] ?? 0);
      const bytes = await response.arrayBuffer();
      if (seconds > 0) entries.set(url, { bytes, headers: response.headers, until: now() + seconds * 1000 });
    },
    delete: async (url) => entries.delete(url),
  };
}

/** How a binding misbehaves. `slow` answers rightly, but after a quarter of the budget it is given here. */
export type Fault = "throws" | "rejects" | "hangs" | "slow";
export const FAULTS: readonly Fault[] = ["throws", "rejects", "hangs", "slow"];
export const SLOW_MS = 300;

/** Makes every method of a binding misbehave. Timers are the test's, so that hanging costs no time. */
export function withFault<T extends object>(binding: T, fault: Fault | undefined): T {
  if (fault === undefined) return binding;
  return new Proxy(binding, {
    get: (target, name, receiver) => {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => {
        if (fault === "throws") throw new Error("binding threw");
        if (fault === "rejects") return Promise.reject(new Error("binding rejected"));
        if (fault === "hangs") return new Promise(() => undefined);
        return new Promise((resolve) => setTimeout(resolve, SLOW_MS)).then(() => Reflect.apply(method, target, args));
      };
    },
  });
}
