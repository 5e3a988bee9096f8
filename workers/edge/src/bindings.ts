import type { DataPoint } from "@prewarm/shared/views";

/** The part of an R2 object that the edge looks at. */
export interface StoredObject {
  /** The whole object's bytes, whatever range was asked for. */
  size: number;
  /** Strong and quoted, as it goes into `ETag`. */
  httpEtag: string;
  uploaded: Date;
  customMetadata?: Record<string, string> | undefined;
  httpMetadata?: { contentType?: string | undefined } | undefined;
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

/** The part of an Analytics Engine dataset that the edge uses. It returns at once; the platform sends later. */
export interface ViewSink {
  writeDataPoint(point: DataPoint): void;
}
