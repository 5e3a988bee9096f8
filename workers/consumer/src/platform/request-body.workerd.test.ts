import { AppError } from "@prewarm/shared/errors";
import { describe, expect, it } from "vitest";
import { bounded } from "./request-body.ts";

/* In the runtime itself: its streams carry our error, and a request keeps what else it had. */

function post(bytes: number, chunk: number, headers: Record<string, string> = {}) {
  let [sent, isGivenUp] = [0, false];
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent >= bytes) return controller.close();
        controller.enqueue(new Uint8Array(Math.min(chunk, bytes - sent)).fill(0x61));
        sent += chunk;
      },
      cancel: () => {
        isGivenUp = true;
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request("https://control.example.com/x?y=1", { method: "POST", headers, body });
  return { request, sent: () => sent, isGivenUp: () => isGivenUp };
}

const READERS: [string, (request: Request) => Promise<unknown>][] = [
  ["text()", (request) => request.text()],
  ["arrayBuffer()", (request) => request.arrayBuffer()],
  ["json()", (request) => request.json()],
  ["a reader", async (request) => void (await new Response(request.body).arrayBuffer())],
];

describe("a bounded body", () => {
  it.each(READERS)("read by %s fails with 413, and the rest is given up", async (_what, read) => {
    const { request, sent, isGivenUp } = post(1_000_000, 1_000);
    const failure = await read(bounded(request, 5_000)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: "body_too_large", details: { limitBytes: 5_000 } });
    expect([sent() <= 7_000, isGivenUp()]).toEqual([true, true]);
  });

  it("of just the limit is whole, and its request is as it was", async () => {
    const request = bounded(post(5_000, 999, { "X-One": "1", "Content-Length": "5000" }).request, 5_000);
    expect([request.method, request.url, request.headers.get("X-One")]).toEqual([
      "POST",
      "https://control.example.com/x?y=1",
      "1",
    ]);
    expect(await request.text()).toBe("a".repeat(5_000));
  });

  it("that declares more fails before its first byte", async () => {
    const { request, sent } = post(9_000, 1_000, { "Content-Length": "9000" });
    await expect(bounded(request, 5_000).text()).rejects.toMatchObject({ code: "body_too_large" });
    expect(sent()).toBe(0);
  });

  it("that nobody reads is not read here either", async () => {
    const { request, sent } = post(9_000, 1_000);
    bounded(request, 5_000);
    await Promise.resolve();
    expect(sent()).toBe(0);
  });
});
