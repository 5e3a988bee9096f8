import { describe, expect, it } from "vitest";
import { type LogLine, readLog } from "./read-log.ts";

async function read(text: string, field: string | null = null): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of readLog(bytesOf(text), field)) lines.push(line);
  return lines;
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

const request = (address: string, status: number | null = 200): LogLine => ({
  kind: "request",
  request: { address, status },
});

describe("a line of an access log", () => {
  it.each<[string, string, LogLine]>([
    [
      "combined",
      '203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "GET /demo/image/upload/w_400/a.jpg HTTP/1.1" 200 5120 "https://shop.example.com/" "Mozilla/5.0"',
      request("/demo/image/upload/w_400/a.jpg"),
    ],
    [
      "common, of a request that failed",
      '203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "HEAD /a.jpg?w=400 HTTP/2.0" 404 0',
      request("/a.jpg?w=400", 404),
    ],
    ["another method", '203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "POST /a HTTP/1.1" 200 0', { kind: "unread" }],
    [
      "Logpush",
      '{"ClientRequestHost":"img.example.com","ClientRequestURI":"/cdn-cgi/image/w=400/a.jpg","EdgeResponseStatus":200}',
      request("https://img.example.com/cdn-cgi/image/w=400/a.jpg"),
    ],
    ["JSON with a request line", '{"request":"GET /a.jpg?w=1 HTTP/1.1","status":"304"}', request("/a.jpg?w=1", 304)],
    [
      "JSON with a whole address",
      '{"url":"https://a.example.com/b.jpg"}',
      request("https://a.example.com/b.jpg", null),
    ],
    ["JSON without an address", '{"message":"started"}', { kind: "unread" }],
    ["broken JSON", '{"url":"/a', { kind: "unread" }],
    [
      "an address alone",
      "https://res.cloudinary.com/demo/image/upload/a.jpg",
      request("https://res.cloudinary.com/demo/image/upload/a.jpg", null),
    ],
    ["a path alone", "/a.jpg?w=400", request("/a.jpg?w=400", null)],
    ["prose", "nothing to see here", { kind: "unread" }],
  ])("is read: %s", async (_, text, expected) => {
    expect(await read(`${text}\n`)).toEqual([expected]);
  });

  it("is read by the field that is named", async () => {
    expect(await read('{"target":"/a.jpg","url":"/b.jpg"}\n', "target")).toEqual([request("/a.jpg", null)]);
  });

  it("has the columns that CloudFront names, query and host included", async () => {
    const text =
      "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query x-host-header\n" +
      "2026-11-29\t12:00:00\tFRA2\t512\t203.0.113.9\tGET\td1.cloudfront.net\t/a.jpg\t200\t-\tMozilla\tw=400&auto=format\timg.example.com\n" +
      "2026-11-29\t12:00:01\tFRA2\t512\t203.0.113.9\tGET\td1.cloudfront.net\t/b.jpg\t403\t-\tMozilla\t-\timg.example.com\n";
    expect(await read(text)).toEqual([
      { kind: "skipped" },
      { kind: "skipped" },
      request("https://img.example.com/a.jpg?w=400&auto=format"),
      request("https://img.example.com/b.jpg", 403),
    ]);
  });
});
