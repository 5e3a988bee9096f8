import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { WakeUpV1 } from "@prewarm/shared/messages";
import type { Memory } from "./miss/asked-lately.ts";
import type { Gate } from "./miss/gate.ts";
import type { PlainTargets } from "./request/target-cache.ts";

/** The part of an R2 object that the edge looks at. */
export interface StoredObject {
  /** The whole object's bytes, whatever range was asked for. */
  size: number;
  /** Strong and quoted, as it goes into `ETag`. */
  httpEtag: string;
  uploaded: Date;
  httpMetadata?: { contentType?: string } | undefined;
  body: ReadableStream<Uint8Array>;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The part of an R2 bucket that the edge uses. It never writes one. */
export interface ObjectStore {
  get(key: string, options?: { range: { offset: number; length: number } }): Promise<StoredObject | null>;
  head(key: string): Promise<{ size: number } | null>;
}

/** The part of the Cache API that the edge uses; URLs are plain strings, so that no request header takes part in a match. */
export interface EdgeCache {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<void>;
  delete(url: string): Promise<boolean>;
}

/** Everything the edge works with; one per isolate, made by `createEdge`. */
export interface Edge {
  config: Config;
  /** The first signs, all verify; empty: nothing can be signed. */
  keys: readonly string[];
  cache: EdgeCache;
  images: ObjectStore;
  /** The originals' bucket of this binding name; null when there is none. */
  originals: (binding: string) => ObjectStore | null;
  live: { send(message: WakeUpV1): Promise<unknown> };
  /** Null where the platform has no rate limiter. */
  limit: { limit(options: { key: string }): Promise<{ success: boolean }> } | null;
  plainTargets: PlainTargets;
  memory: Memory;
  gate: Gate;
  clock: Pick<Clock, "now">;
  log: Log;
}

/** Writes one structured line; never a URL, for it may hold a signature. */
export type Log = (event: string, fields: Record<string, string | number | null>) => void;

/** Keeps work alive after the answer has gone. */
export type Background = (work: Promise<unknown>) => void;
