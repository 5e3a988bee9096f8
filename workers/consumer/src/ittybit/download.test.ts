import { describe, expect, it } from "vitest";
import type { Body, Download } from "../engine.ts";
import { openDownload } from "./download.ts";

const URL_OF_RESULT = "https://store.example.net/a";
const TOO_LARGE = {
  kind: "failed",
  class: "permanent",
  failure: { code: "output_too_large", message: "the result is larger than 1000 bytes" },
};

function setup(pages: Record<string, () => Response>, allowLoopbackHttp = false) {
  const fetched: string[] = [];
  const fetcher = (async (input: RequestInfo | URL) => {
    fetched.push(String(input));
    return pages[String(input)]?.() ?? new Response("", { status: 404 });
  }) as typeof fetch;
  const deps = { fetch: fetcher, allowLoopbackHttp, maxBytes: 1000 };
  async function get(url = URL_OF_RESULT): Promise<Download | Body> {
    const opened = await openDownload(url, deps);
    return opened.kind === "open" ? opened.read() : opened;
  }
  return { get, fetched };
}

function stream(chunks: number[], fails = false): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next !== undefined) controller.enqueue(new Uint8Array(next));
      else if (fails) controller.error(new Error("connection lost"));
      else controller.close();
    },
  });
}

function redirect(location: string): () => Response {
  return () => new Response(null, { status: 302, headers: { location } });
}

describe("openDownload", () => {
  it("reads a body of declared length, and one without", async () => {
    const declared = setup({
      [URL_OF_RESULT]: () => new Response(stream([300, 200]), { headers: { "content-length": "500" } }),
    });
    expect(await declared.get()).toMatchObject({ kind: "bytes", bytes: { byteLength: 500 } });
    const chunked = setup({ [URL_OF_RESULT]: () => new Response(stream([300, 200])) });
    expect(await chunked.get()).toMatchObject({ kind: "bytes", bytes: { byteLength: 500 } });
  });

  it("refuses a body shorter than declared", async () => {
    const { get } = setup({
      [URL_OF_RESULT]: () => new Response(stream([300]), { headers: { "content-length": "500" } }),
    });
    expect(await get()).toEqual({
      kind: "unfetched",
      code: "output_invalid",
      status: 200,
      message: "store.example.net answered HTTP 200 (no content type), and 300 of 500 bytes came",
    });
  });

  it.each([
    ["of no length", {}],
    [
      "whose length is of fewer bytes, because they are compressed",
      { "content-length": "9", "content-encoding": "gzip" },
    ],
  ])("stops at the cap in a body %s, without reading on", async (_what, headers) => {
    let pulled = 0;
    const long = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1;
          if (pulled < 100) controller.enqueue(new Uint8Array(400));
          else controller.close();
        },
      });
    const { get } = setup({ [URL_OF_RESULT]: () => new Response(long(), { headers }) });
    expect(await get()).toEqual(TOO_LARGE);
    expect(pulled).toBeLessThan(6);
  });

  it("does not begin a body that is longer than the cap by its length", async () => {
    const honest = setup({ [URL_OF_RESULT]: () => new Response("x", { headers: { "content-length": "1001" } }) });
    expect(await honest.get()).toEqual(TOO_LARGE);
  });

  it("gives no result when the connection breaks on the way", async () => {
    const { get } = setup({ [URL_OF_RESULT]: () => new Response(stream([300], true)) });
    expect(await get()).toEqual({
      kind: "unfetched",
      code: "output_unreachable",
      status: null,
      message: "store.example.net did not answer: Error: connection lost",
    });
  });

  it.each([
    [401, "output_private"],
    [403, "output_private"],
    [404, "output_expired"],
    [410, "output_expired"],
    [500, "output_unreachable"],
    [503, "output_unreachable"],
    [429, "output_unreachable"],
    [302, "output_unreachable"],
  ])("names the host and its answer of %d: %s", async (status, code) => {
    const headers = { "content-type": "text/html; charset=utf-8" };
    const { get } = setup({ [URL_OF_RESULT]: () => new Response("", { status, headers }) });
    expect(await get()).toMatchObject({
      kind: "unfetched",
      code,
      status,
      message: expect.stringContaining(`store.example.net answered HTTP ${status} (text/html)`),
    });
  });

  it("names the host that a redirect led to, and no query", async () => {
    const pages = {
      [URL_OF_RESULT]: redirect("https://cdn.example.org/b?X-Amz-Signature=abcdef0123456789"),
      "https://cdn.example.org/b?X-Amz-Signature=abcdef0123456789": () => new Response("", { status: 503 }),
    };
    const download = await setup(pages).get();
    expect(download).toMatchObject({ message: "cdn.example.org answered HTTP 503 (text/plain)" });
  });

  it("keeps a URL's secrets out of what a failed connection says", async () => {
    const url = `${URL_OF_RESULT}?sig=abcdef%2F0123456789`;
    const { get } = setup({
      [url]: () => {
        throw new TypeError("cannot fetch sig=abcdef%2F0123456789, that is abcdef/0123456789");
      },
    });
    expect(JSON.stringify(await get(url))).not.toMatch(/0123456789/);
  });

  it.each<[string, string, number, string]>([
    ["a signed URL that has run out", "?expiry=1&method=get&signature=x", 403, "output_expired"],
    ["an S3 URL that has run out", "?X-Amz-Signature=x", 403, "output_expired"],
    ["a URL that names its expiry", "?expiry=1", 403, "output_expired"],
    ["a URL that names its expiry in S3's old way", "?Expires=1", 403, "output_expired"],
    ["a file that is deleted", "", 404, "output_expired"],
    ["a file that is deleted for good", "", 410, "output_expired"],
    ["a private file", "", 403, "output_private"],
    ["a private file, told by 401", "?w=1", 401, "output_private"],
    ["a signed URL that is not accepted", "?signature=x", 401, "output_expired"],
    [
      "GCS",
      "?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Date=1&X-Goog-Expires=1&X-Goog-Signature=x",
      403,
      "output_expired",
    ],
    ["GCS, signed in the old way", "?GoogleAccessId=a&Expires=1&Signature=x", 403, "output_expired"],
    ["Azure", "?sv=2024-11-04&se=2026-01-01&sr=b&sp=r&sig=x", 403, "output_expired"],
    ["R2", "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Expires=1", 403, "output_expired"],
    ["CloudFront", "?Expires=1&Signature=x&Key-Pair-Id=k", 403, "output_expired"],
    ["CloudFront with a policy", "?Policy=p&Key-Pair-Id=k", 403, "output_expired"],
    ["a token", "?token=x", 403, "output_expired"],
    ["Cloudflare's check of a token", "?verify=1-x", 403, "output_expired"],
    ["no signature: a size", "?s=400&w=2", 403, "output_private"],
  ])("tells %s", async (_what, query, status, code) => {
    const url = URL_OF_RESULT + query;
    const { get } = setup({ [url]: () => new Response("", { status }) });
    const download = await get(url);
    expect(download).toMatchObject({ kind: "unfetched", status, code });
    expect("message" in download && download.message.includes("access rules")).toBe(code === "output_private");
  });

  it("follows redirects, three at most", async () => {
    const pages = {
      [URL_OF_RESULT]: redirect("/b"),
      "https://store.example.net/b": redirect("https://other.example.net/c"),
      "https://other.example.net/c": () => new Response("bytes"),
    };
    expect(await setup(pages).get()).toMatchObject({ kind: "bytes" });
    const circle = setup({ [URL_OF_RESULT]: redirect(URL_OF_RESULT) });
    expect(await circle.get()).toMatchObject({ kind: "unfetched", code: "output_unreachable" });
    expect(circle.fetched).toHaveLength(4);
  });

  it.each([
    "http://store.example.net/b",
    "https://169.254.169.254/",
    "https://[::ffff:10.0.0.1]/",
    "http://127.0.0.1:8080/",
  ])("does not follow a redirect to %s", async (location) => {
    const { get, fetched } = setup({ [URL_OF_RESULT]: redirect(location) });
    expect(await get()).toMatchObject({ kind: "failed", class: "transient", failure: { code: "output_blocked" } });
    expect(fetched).toEqual([URL_OF_RESULT]);
  });

  it("does not throw on a URL that is none", async () => {
    expect(await setup({}).get("https://")).toMatchObject({ kind: "unfetched", code: "output_unreachable" });
    expect(await setup({ [URL_OF_RESULT]: redirect("https://[bad") }).get()).toMatchObject({
      kind: "unfetched",
      code: "output_unreachable",
    });
  });
});
