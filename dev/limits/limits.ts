/** What the paid plan takes (developers.cloudflare.com/workers/platform/limits, /queues/platform/limits, /durable-objects/platform/limits, read 2026-11). */
export const PLATFORM = {
  /** Waiting for headers in one invocation; one more waits for its turn. Calls of a Durable Object are not among them. */
  connections: 6,
  subrequests: 10_000,
  batchMessages: 100,
  batchBytes: 256_000,
  messageBytes: 128_000,
  /** 30 s of an object's CPU in one call, at 10 µs a row read or written: chosen, three times what `bench/migrate.ts` measures for an index. */
  rows: 3_000_000,
  parameters: 100,
  valueBytes: 2_000_000,
};
export type Limits = typeof PLATFORM;

/** Begins each line about a limit that was broken: whoever reads a Worker's output looks for it. */
export const BROKEN = "platform limit: ";

export interface Message {
  body: unknown;
  contentType?: string;
}

/** The platform's own bytes about a message. */
const ABOUT = 100;

function bytesOf({ body, contentType = "json" }: Message): number {
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength + ABOUT;
  const text = contentType === "text" ? String(body) : (JSON.stringify(body) ?? "");
  return new TextEncoder().encode(text).length + ABOUT;
}

/** Why a queue does not take these messages at once, or null. */
export function tooLargeFor(
  messages: readonly Message[],
  limits: Pick<Limits, "batchMessages" | "batchBytes" | "messageBytes">,
): string | null {
  const sizes = messages.map(bytesOf);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const largest = Math.max(0, ...sizes);
  if (sizes.length > limits.batchMessages)
    return `Queue sendBatch failed: batch message count of ${sizes.length} exceeds limit of ${limits.batchMessages}`;
  if (largest > limits.messageBytes)
    return `Queue send failed: message length of ${largest} bytes exceeds limit of ${limits.messageBytes}`;
  if (total > limits.batchBytes)
    return `Queue sendBatch failed: batch size of ${total} bytes exceeds limit of ${limits.batchBytes}`;
  return null;
}
