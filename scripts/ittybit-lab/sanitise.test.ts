import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Exchange } from "../../workers/consumer/src/ittybit/check/recorder.ts";
import { sanitise } from "./sanitise.ts";

function exchange(body: unknown, rest: Partial<Exchange> = {}): Exchange {
  const headers = new Headers();
  return {
    method: "GET",
    path: "/jobs/job_abc123",
    sent: null,
    status: 200,
    headers,
    body,
    ms: 1,
    fault: null,
    ...rest,
  };
}

const bodyOf = (body: unknown): unknown => sanitise([exchange(body)], "d", "2026-11-25").exchanges[0]?.body;

describe("a recording", () => {
  it.each<[what: string, body: unknown, kept: unknown]>([
    ["words of a dialect", { status: "succeeded", kind: "image" }, { status: "succeeded", kind: "image" }],
    ["numbers, flags and nothing", { width: 4, ok: true, error: null }, { width: 4, ok: true, error: null }],
    ["times", { created: "2026-11-25T10:00:00.000Z" }, { created: "2026-11-25T10:00:00.000Z" }],
    ["plain messages", { message: "the encoder gave up" }, { message: "the encoder gave up" }],
    ["no message with a name in it", { message: "no room for ann@example.com" }, { message: "<text of 27>" }],
    ["no text of a field it does not know", { owner: "Ann" }, { owner: "<text of 3>" }],
    ["no word that is too long", { status: "x".repeat(41) }, { status: "<text of 41>" }],
    [
      "no metadata, whatever it is called",
      { metadata: { status: "secret", id: "job_1" } },
      { metadata: { status: "<text of 6>", id: "<text of 5>" } },
    ],
    ["no name of a field that is none", { "ann@example.com": 1, job_abc123: 2 }, { "<name 0>": 1, "<name 1>": 2 }],
    [
      "ids of the same shape, the same for the same",
      { id: "job_abc123", tasks: [{ id: "task_x9z8" }] },
      { id: "job_000001", tasks: [{ id: "task_0002" }] },
    ],
    [
      "addresses of the same shape",
      { output: "https://store.ittybit.net/org_12/photo.webp?expiry=1&signature=s" },
      { output: "https://host.example/x/1.webp?expiry=x&signature=x" },
    ],
  ])("keeps %s", (_what, body, kept) => {
    expect(bodyOf(body)).toEqual(kept);
  });

  it("keeps what it reads of headers and paths", () => {
    const headers = new Headers({
      "content-type": "application/json",
      link: '<https://api.ittybit.com/jobs?limit=100&after=job_abc123&input=https://a.example/p>; rel="next"',
      "set-cookie": "session=1",
      "x-ratelimit-remaining": "7",
      "x-request-id": "req_1",
      "x-account": "acme",
    });
    const path = "/jobs?limit=100&order=asc&after=job_abc123&input=https%3A%2F%2Fa.example%2Fp";
    const { exchanges } = sanitise([exchange([], { path, headers })], "d", "2026-11-25");
    expect(exchanges).toMatchObject([{ path: "/jobs?limit=100&order=asc&after=job_000001&input=x" }]);
    expect(exchanges[0]?.headers).toEqual({
      "content-type": "application/json",
      link: '</jobs?limit=100&after=job_000001&input=x>; rel="next"',
      "x-ratelimit-remaining": "7",
      "x-request-id": "x",
    });
  });

  it("keeps no text that it was not told to keep, wherever it stands", () => {
    const secret = "s3cr3t@example.com";
    const tree = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 5 }, fc.constant(secret), fc.integer(), fc.array(tie("node")), tie("fields")),
      fields: fc.dictionary(fc.constantFrom("status", "id", "url", "message", "metadata", "x y", secret), tie("node")),
    }));
    fc.assert(
      fc.property(tree.node, (body) => {
        expect(JSON.stringify(bodyOf(body)) ?? "").not.toContain(secret);
      }),
    );
  });
});
