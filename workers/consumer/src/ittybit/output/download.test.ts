import { describe, expect, it } from "vitest";
import { type Bytes, type Download, openDownload } from "./download.ts";

const URL_OF_RESULT = "https://store.example.net/a";

function setup(pages: Record<string, () => Response>, allowLoopbackHttp = false) {
  const fetched: string[] = [];
  const fetcher = (async (input: RequestInfo | URL) => {
    fetched.push(String(input));
    return pages[String(input)]?.() ?? new Response("", { status: 404 });
  }) as typeof fetch;
  const deps = { fetch: fetcher, allowLoopbackHttp, maxBytes: 1000 };
  async function get(url = URL_OF_RESULT): Promise<Download | Bytes> {
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
    expect(await get()).toEqual({ kind: "truncated", message: "300 of 500 bytes came" });
  });

  it("stops at the cap, declared or not, without reading on", async () => {
    let pulled = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(400));
        },
      });
    const { get } = setup({ [URL_OF_RESULT]: () => new Response(endless()) });
    expect(await get()).toEqual({ kind: "too_large" });
    expect(pulled).toBeLessThan(6);
    const honest = setup({ [URL_OF_RESULT]: () => new Response("x", { headers: { "content-length": "1001" } }) });
    expect(await honest.get()).toEqual({ kind: "too_large" });
  });

  it("says unreachable when the connection breaks on the way", async () => {
    const { get } = setup({ [URL_OF_RESULT]: () => new Response(stream([300], true)) });
    expect(await get()).toMatchObject({ kind: "unreachable" });
  });

  it.each([
    [403, "gone"],
    [404, "gone"],
    [410, "gone"],
    [500, "unreachable"],
    [429, "unreachable"],
  ])("takes %d for %s", async (status, kind) => {
    const { get } = setup({ [URL_OF_RESULT]: () => new Response("", { status }) });
    expect(await get()).toMatchObject({ kind });
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
  ])("tells %s", async (_what, query, status, code) => {
    const url = URL_OF_RESULT + query;
    const { get } = setup({ [url]: () => new Response("", { status }) });
    const download = await get(url);
    expect(download).toMatchObject({ kind: "gone", status, code });
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
    expect(await circle.get()).toMatchObject({ kind: "unreachable" });
    expect(circle.fetched).toHaveLength(4);
  });

  it.each([
    "http://store.example.net/b",
    "https://169.254.169.254/",
    "https://[::ffff:10.0.0.1]/",
    "http://127.0.0.1:8080/",
  ])("does not follow a redirect to %s", async (location) => {
    const { get, fetched } = setup({ [URL_OF_RESULT]: redirect(location) });
    expect(await get()).toMatchObject({ kind: "blocked" });
    expect(fetched).toEqual([URL_OF_RESULT]);
  });

  it("does not throw on a URL that is none", async () => {
    expect(await setup({}).get("https://")).toMatchObject({ kind: "unreachable" });
    expect(await setup({ [URL_OF_RESULT]: redirect("https://[bad") }).get()).toMatchObject({ kind: "unreachable" });
  });
});
