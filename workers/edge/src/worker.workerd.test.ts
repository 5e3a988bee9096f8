import { createExecutionContext, reset, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import worker from "../../../dev/limits/edge-entry.ts";

// The real bindings: what R2, the cache and streams do in workerd is what the fakes of the other tests must not invent.
const BYTES = Uint8Array.from({ length: 300_000 }, (_, n) => (n * 7) % 251);
const bucket = (env as unknown as { IMAGES_BUCKET: R2Bucket }).IMAGES_BUCKET;

afterEach(async () => void (await reset()));

/** A fresh host each time: the isolate's memory and the data centre's cache outlive a test. */
let host = 0;

function newOrigin(): string {
  host += 1;
  return `https://edge-${host}.example.com`;
}

async function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  const context = createExecutionContext();
  const request = new Request(url, { method, headers, redirect: "manual" }) as Request<
    unknown,
    IncomingRequestCfProperties
  >;
  // A busy machine is no slow R2: the edge has the local stack's time.
  const response = await worker.fetch(request, { ...env, LOCAL: "true" } as never, context);
  // Read before waiting: the cache's branch of the stream moves with the viewer's.
  const body = response.body === null ? null : await response.arrayBuffer();
  await waitOnExecutionContext(context);
  return new Response(body?.byteLength === 0 ? null : body, { status: response.status, headers: response.headers });
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

describe("a stored variant", () => {
  it("comes from R2, then from the cache, whole and with its length", async () => {
    await bucket.put("variants/a/800-high.webp", BYTES);
    const url = `${newOrigin()}/images/a?w=800`;
    for (const status of ["edge; fwd=uri-miss, store; hit", "edge; hit", "edge; hit"]) {
      const response = await ask(url);
      expect(response.headers.get("Cache-Status")).toBe(status);
      expect(response.headers.get("Content-Type")).toBe("image/webp");
      expect(response.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
      expect(response.headers.get("ETag")).toMatch(/^"[0-9a-f]{32}"$/);
      expect(await bytesOf(response)).toEqual(BYTES);
    }
  });

  it.each(["R2", "the cache"])("answers conditions and ranges alike from %s", async (place) => {
    await bucket.put("variants/b/800-high.webp", BYTES);
    const etag = (await bucket.head("variants/b/800-high.webp"))?.httpEtag ?? "";
    const fresh = async (): Promise<string> => {
      const url = `${newOrigin()}/images/b?w=800`;
      if (place === "the cache") await ask(url);
      return url;
    };
    const part = await ask(await fresh(), { Range: "bytes=100000-100009" });
    expect([part.status, part.headers.get("Content-Range")]).toEqual([206, "bytes 100000-100009/300000"]);
    expect(await bytesOf(part)).toEqual(BYTES.slice(100_000, 100_010));
    const tail = await ask(await fresh(), { Range: "bytes=-70000", "If-Range": etag });
    expect(await bytesOf(tail)).toEqual(BYTES.slice(-70_000));
    expect((await ask(await fresh(), { Range: "bytes=0-9", "If-Range": '"old"' })).status).toBe(200);
    expect((await ask(await fresh(), { Range: "bytes=300000-" })).status).toBe(416);
    const unchanged = await ask(await fresh(), { "If-None-Match": `"x", W/${etag}` });
    expect([unchanged.status, unchanged.headers.get("ETag"), unchanged.body]).toEqual([304, etag, null]);
    const since = new Date(Date.now() + 60_000).toUTCString();
    expect((await ask(await fresh(), { "If-Modified-Since": since })).status).toBe(304);
    const head = await ask(await fresh(), {}, "HEAD");
    expect([head.status, head.headers.get("Content-Length"), head.body]).toEqual([200, "300000", null]);
  });

  it.each([
    ["a part", { Range: "bytes=5-9" }],
    ["nothing", { "If-None-Match": "*" }],
  ])("is cached whole by a viewer who took %s", async (_, headers) => {
    await bucket.put("variants/c/800-high.webp", BYTES);
    const url = `${newOrigin()}/images/c?w=800`;
    await ask(url, headers as Record<string, string>);
    await bucket.delete("variants/c/800-high.webp");
    const response = await ask(url);
    expect(response.headers.get("Cache-Status")).toBe("edge; hit");
    expect(await bytesOf(response)).toEqual(BYTES);
  });
});

describe("a missed variant", () => {
  it("redirects, asks once, and is served the moment it is stored", async () => {
    const origin = newOrigin();
    const url = `${origin}/images/missed-${host}?w=800`;
    const first = await ask(url);
    expect([first.status, first.headers.get("Location")]).toEqual([
      302,
      `https://cdn.example.com/originals/missed-${host}`,
    ]);
    expect(first.headers.get("Cache-Status")).toBe("edge; fwd=uri-miss, store; fwd=uri-miss; detail=enqueued");
    expect((await ask(url)).headers.get("Cache-Status")).toContain("detail=pending");
    await bucket.put(`variants/missed-${host}/800-high.webp`, BYTES);
    expect((await ask(url)).status).toBe(200);
  });

  it("is marked in the data centre's cache, and a hit takes the mark away", async () => {
    const origin = newOrigin();
    const key = `marked-${host}/800-high.webp`;
    const marker = `${origin}/.asked/${key}`;
    await ask(`${origin}/images/marked-${host}?w=800`);
    const mark = await caches.default.match(marker);
    expect(Number(mark?.headers.get("Prewarm-Asked"))).toBe(1);
    await mark?.body?.cancel();
    await bucket.put(`variants/${key}`, BYTES);
    await ask(`${origin}/images/marked-${host}?w=800`);
    expect(await caches.default.match(marker)).toBeUndefined();
  });

  it("costs one message when 20 ask at once", async () => {
    const url = `${newOrigin()}/images/popular-${host}?w=800`;
    const responses = await Promise.all(Array.from({ length: 20 }, () => ask(url)));
    const enqueued = responses.filter((response) => response.headers.get("Cache-Status")?.includes("enqueued"));
    expect(enqueued).toHaveLength(1);
  });

  it("is not asked for while its marker stands", async () => {
    const url = `${newOrigin()}/images/gone-${host}?w=800`;
    await bucket.put(`dead/gone-${host}/_`, JSON.stringify({ code: "missing", until: Date.now() + 60_000 }));
    expect((await ask(url)).headers.get("Cache-Status")).toContain("detail=missing");
  });
});
