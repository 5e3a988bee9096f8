import { expect, it } from "vitest";
import type { RequestContext } from "../request-context.ts";
import { streamOriginal } from "./stream-original.ts";

// In workerd, whose streams are what viewers get: a branch of a body is read for the type, and the other one is passed
// on.
const JPEG = Uint8Array.from({ length: 300_000 }, (_, n) => [0xff, 0xd8, 0xff, 0xe0][n] ?? n % 251);
const FIELDS = { cacheStatus: "edge", timing: "", negotiated: false };

/** In pieces, as a server sends them. */
function pieces(): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= JPEG.length) return controller.close();
      controller.enqueue(JPEG.slice(at, at + 700));
      at += 700;
    },
  });
}

function stream(streamMaxBytes: number): Promise<Response | null> {
  const edge = { config: { limits: { streamMaxBytes } }, limit: null, fetch: async () => new Response(pieces()) };
  const context = { edge, method: "GET", headers: new Headers() } as unknown as RequestContext;
  return streamOriginal(context, "https://cdn.example.com/photo", FIELDS);
}

it("passes an original on whole, by the type of its first bytes", async () => {
  const response = await stream(JPEG.length);
  expect(response?.headers.get("Content-Type")).toBe("image/jpeg");
  expect(new Uint8Array((await response?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(JPEG);
});

it("breaks off an original that is larger than the limit", async () => {
  const response = await stream(100_000);
  await expect(response?.arrayBuffer()).rejects.toThrow();
});
