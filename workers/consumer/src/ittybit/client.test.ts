import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createIttybit, type JobOrder, requestBody } from "./client.ts";
import { jobOrder, madeFormat } from "./job-order.ts";

const KEY = "ittybit_live_secret";
const NOW = Date.parse("2026-11-24T12:00:00Z");

const ORDER: JobOrder = {
  input: "https://cdn.example.com/p.jpg",
  options: { width: 400, format: "webp", quality: "high" },
  idempotencyKey: "pw-L1-7",
  metadata: { gen: "7" },
};

function setup(respond: (request: Request) => Response | Promise<Response>, acceptVersion?: string) {
  const requests: Request[] = [];
  const fetcher = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input as string, init);
    requests.push(request);
    return respond(request);
  }) as typeof fetch;
  const clock = { now: () => NOW, random: () => 0 };
  return {
    requests,
    ittybit: createIttybit({
      baseUrl: "https://api.ittybit.com/",
      apiKey: KEY,
      fetch: fetcher,
      clock,
      ...(acceptVersion === undefined ? {} : { acceptVersion }),
    }),
  };
}

function skewed(ms: number): ResponseInit {
  return { headers: { date: new Date(NOW + ms).toUTCString() } };
}

function json(body: unknown, init?: ResponseInit): Response {
  return Response.json(body, init);
}

describe("a call", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("leaves no timer behind, which would keep the ledger awake, and ends when no answer comes", async () => {
    vi.useFakeTimers();
    const waiting: number[] = [];
    const answering = setup(() => {
      waiting.push(vi.getTimerCount());
      return json({ id: "job_1", status: "queued" }, { status: 201 });
    });
    await answering.ittybit.submit(ORDER);
    expect([...waiting, vi.getTimerCount()]).toEqual([1, 0]);
    const silent = setup(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const ended = silent.ittybit.submit(ORDER);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await ended).toMatchObject({ kind: "unclear", failure: { code: "upstream_unreachable" } });
  });
});

describe("submit", () => {
  it("sends the conservative form: documented fields only, one key, no webhook", async () => {
    const { ittybit, requests } = setup(() => json({ id: "job_1", status: "queued" }, { status: 201 }));
    expect(await ittybit.submit(ORDER)).toMatchObject({ kind: "made", replayed: false, job: { id: "job_1" } });
    const [request] = requests;
    expect(`${request?.method} ${request?.url}`).toBe("POST https://api.ittybit.com/jobs");
    expect(request?.headers.get("authorization")).toBe(`Bearer ${KEY}`);
    expect(request?.headers.get("idempotency-key")).toBe("pw-L1-7");
    expect(request?.headers.has("accept-version")).toBe(false);
    expect(request?.redirect).toBe("manual");
    const { input, options, metadata } = ORDER;
    expect(await request?.json()).toEqual({ input, kind: "image", options, metadata });
  });

  const date = new Date(NOW).toUTCString();

  it.each<[string, object, ResponseInit, boolean]>([
    ["201", { status: "queued", created_at: NOW }, { status: 201 }, false],
    ["202 of an old job", { status: "queued", created_at: NOW - 60_000 }, { status: 202 }, false],
    ["200 of a job that is done", { status: "succeeded" }, {}, true],
    ["200 of an older job", { status: "queued", created_at: NOW - 60_000 }, {}, true],
    ["200 of an older job by their clock", { status: "queued", created_at: NOW - 3_600_000 }, skewed(-3_500_000), true],
    ["200 of a new job", { status: "pending", created: new Date(NOW).toISOString() }, {}, false],
    ["200 of a new job by their clock", { status: "queued", created_at: NOW - 3_600_000 }, skewed(-3_600_000), false],
    ["200 without a time", { status: "pending" }, { headers: { date } }, false],
  ])("tells a replay from a new job: %s", async (_name, body, init, replayed) => {
    const { ittybit } = setup(() => json({ id: "job_1", ...body }, init));
    expect(await ittybit.submit(ORDER)).toMatchObject({ kind: "made", replayed });
  });

  it("does not read an answer that is nested without end", async () => {
    const deep = `{"id":"job_1","status":"queued","more":${"[".repeat(500_000)}${"]".repeat(500_000)}}`;
    const { ittybit } = setup(() => new Response(deep, { status: 201 }));
    const unread = { kind: "unclear", failure: { code: "upstream_unreadable" } };
    expect(await ittybit.submit(ORDER)).toMatchObject(unread);
    expect(await ittybit.get("job_1")).toMatchObject(unread);
  });

  it("sends the version that is asked for", async () => {
    const { ittybit, requests } = setup(() => json({ id: "job_1", status: "queued" }, { status: 201 }), "2025-08-20");
    await ittybit.submit(ORDER);
    expect(requests[0]?.headers.get("accept-version")).toBe("2025-08-20");
  });

  it.each<[number, unknown, object]>([
    [
      400,
      { kind: "format_unsupported", message: "no" },
      { kind: "rejected", failure: { code: "upstream_rejected", kind: "format_unsupported", httpStatus: 400 } },
    ],
    [413, { message: "no" }, { kind: "rejected" }],
    [415, {}, { kind: "rejected" }],
    [422, { message: "unknown option" }, { kind: "rejected" }],
    [422, { kind: "idempotency_conflict", message: "other body" }, { kind: "unclear", lookFirst: true }],
    [409, { message: "in flight" }, { kind: "unclear", lookFirst: true, failure: { code: "upstream_conflict" } }],
    [401, { kind: "token_invalid", message: "no" }, { kind: "account", status: 401, message: "no" }],
    [402, { kind: "payment_required", message: "pay" }, { kind: "account", status: 402, message: "pay" }],
    [403, { kind: "project_required", message: "no" }, { kind: "account", status: 403 }],
    [404, { kind: "not_found", message: "no" }, { kind: "account", status: 404 }],
    [408, {}, { kind: "unclear" }],
    [
      500,
      { kind: "internal_error", message: "oops" },
      { kind: "unclear", failure: { code: "upstream_unavailable", httpStatus: 500 } },
    ],
    [304, {}, { kind: "unclear" }],
  ])("takes %d %j for %j", async (status, body, expected) => {
    const { ittybit } = setup(() => json(body, { status }));
    expect(await ittybit.submit(ORDER)).toMatchObject(expected);
  });

  it.each<[number, boolean, object]>([
    [400, true, { kind: "unclear", lookFirst: true, failure: { code: "upstream_conflict", httpStatus: 400 } }],
    [422, true, { kind: "unclear", lookFirst: true }],
    [400, false, { kind: "rejected", failure: { code: "upstream_rejected" } }],
    [422, false, { kind: "rejected" }],
    [413, true, { kind: "rejected" }],
    [402, true, { kind: "account" }],
  ])("takes %d for a key that is taken only when the POST is a repeated one (%s)", async (status, again, expected) => {
    const { ittybit } = setup(() => json({ kind: "request_invalid", message: "another payload" }, { status }));
    expect(await ittybit.submit({ ...ORDER, again })).toMatchObject(expected);
  });

  it.each([301, 302, 303, 307, 308])("takes %d for a fault of the address, and follows it nowhere", async (status) => {
    const headers = { location: "https://www.ittybit.com/jobs?key=1" };
    const { ittybit, requests } = setup(() => new Response(null, { status, headers }));
    const message = "the address redirects to https://www.ittybit.com/jobs?…";
    expect(await ittybit.submit(ORDER)).toEqual({ kind: "account", status, message });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["3", 3_000],
    ["0.5", 500],
    ["Tue, 24 Nov 2026 12:00:30 GMT", 30_000],
    ["Tue, 24 Nov 2026 11:00:00 GMT", 0],
    ["later", null],
    [null, null],
  ])("reads Retry-After %s", async (header, retryAfterMs) => {
    const headers: Record<string, string> = header === null ? {} : { "retry-after": header };
    const { ittybit } = setup(() => json({}, { status: 429, headers }));
    expect(await ittybit.submit(ORDER)).toEqual({ kind: "throttled", retryAfterMs });
  });

  it.each<[string, () => Response]>([
    ["HTML from an edge", () => new Response("<html>Bad Gateway</html>", { status: 502 })],
    ["2xx that is no JSON", () => new Response("OK", { status: 201 })],
    ["2xx without an id", () => json({ ok: true }, { status: 201 })],
    [
      "a connection that breaks",
      () => {
        throw new TypeError("fetch failed");
      },
    ],
  ])("takes %s for unclear: a job may have been made", async (_name, respond) => {
    const { ittybit } = setup(respond);
    expect(await ittybit.submit(ORDER)).toMatchObject({ kind: "unclear" });
  });

  it("lets the key into no result, even when Ittybit or the platform echoes it", async () => {
    const echoes: (() => Response)[] = [
      () => json({ kind: KEY, message: `key ${KEY} is paused` }, { status: 401 }),
      () => json({ kind: KEY, message: `Bearer ${KEY}` }, { status: 400 }),
      () => {
        throw new Error(`cannot send Authorization: Bearer ${KEY}`);
      },
    ];
    for (const respond of echoes) {
      const { ittybit } = setup(respond);
      expect(JSON.stringify(await ittybit.submit(ORDER))).not.toContain(KEY);
    }
  });

  it("lets no signed URL's query into a message", async () => {
    const { ittybit } = setup(() =>
      json({ message: "cannot fetch https://img.example.com/originals/a?exp=1&s=SECRET now" }, { status: 400 }),
    );
    expect(await ittybit.submit(ORDER)).toMatchObject({
      failure: { message: "cannot fetch https://img.example.com/originals/a?… now" },
    });
  });
});

describe("get", () => {
  it("asks under /jobs whatever the id says, and under /tasks once when it is not there", async () => {
    const { ittybit, requests } = setup((request) =>
      request.url.includes("/tasks/")
        ? json({ id: "task_1", status: "completed", output: { url: "https://s/1" } })
        : json({ kind: "job_not_found" }, { status: 404 }),
    );
    expect(await ittybit.get("task_1")).toMatchObject({ kind: "job", job: { status: "done", output: "https://s/1" } });
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual(["/jobs/task_1", "/tasks/task_1"]);
  });

  it("says absent for a job that is not there, without a second call", async () => {
    const { ittybit, requests } = setup(() => json({ kind: "job_not_found" }, { status: 404 }));
    expect(await ittybit.get("job_1")).toEqual({ kind: "absent" });
    expect(requests).toHaveLength(1);
  });

  it("encodes an id that would leave its place in the path", async () => {
    const { ittybit, requests } = setup(() => json({ id: "x", status: "queued" }));
    await ittybit.get("../connections?x");
    expect(requests[0]?.url).toBe("https://api.ittybit.com/jobs/..%2Fconnections%3Fx");
  });
});

describe("list", () => {
  it("asks for a hundred, and follows the cursor it was given", async () => {
    const { ittybit, requests } = setup(() =>
      json([{ id: "job_2", status: "queued" }], { headers: { "has-more": "true" } }),
    );
    const page = await ittybit.list();
    expect(page).toMatchObject({ kind: "page", next: "limit=100&after=job_2" });
    await ittybit.list({ next: "limit=100&after=job_2" });
    expect(requests.map(({ url }) => new URL(url).search)).toEqual(["?limit=100", "?limit=100&after=job_2"]);
  });

  it("finds by input", async () => {
    const { ittybit, requests } = setup(() => json([]));
    expect(await ittybit.list({ input: "https://a/b?c=d" })).toMatchObject({ kind: "page", jobs: [], next: null });
    expect(new URL(requests[0]?.url ?? "").searchParams.get("input")).toBe("https://a/b?c=d");
  });

  it("reads on from a job, in the order of creation", async () => {
    const { ittybit, requests } = setup(() => json([]));
    await ittybit.list({ after: "job_1", order: "asc", limit: 500 });
    expect(new URL(requests[0]?.url ?? "").search).toBe("?limit=100&after=job_1&order=asc");
  });

  it.each<[string, () => Response, string]>([
    ["404", () => json({ kind: "not_found" }, { status: 404 }), "noList"],
    ["405", () => json({}, { status: 405 }), "noList"],
    ["501", () => json({}, { status: 501 }), "noList"],
    ["a body without a list", () => json({ ok: true }), "noList"],
    ["429", () => json({}, { status: 429 }), "throttled"],
    ["400", () => json({}, { status: 400 }), "rejected"],
    ["500", () => json({}, { status: 500 }), "unclear"],
  ])("takes %s for %s", async (_what, respond, kind) => {
    expect(await setup(respond).ittybit.list()).toMatchObject({ kind });
  });

  it.each([400, 404, 422])("takes %d for a cursor that is not known, where there is one", async (status) => {
    const { ittybit } = setup(() => json({ message: "unknown cursor" }, { status }));
    expect(await ittybit.list({ after: "job_1" })).toEqual({ kind: "noCursor" });
  });
});

describe("the body of a generation", () => {
  const transform = { width: 400, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;
  const generation = {
    ledger: "L1",
    gen: 7,
    key: "v1/p/w400.webp",
    transform,
    input: "https://cdn.example.com/p.jpg",
    format: "webp",
    focal: null,
    size: { width: 4000, height: 3000 },
    etag: '"e"',
    alpha: false,
    again: false,
  } as const;

  it("holds all that a later reader needs", () => {
    expect(JSON.parse(requestBody(jobOrder(generation)))).toEqual({
      input: "https://cdn.example.com/p.jpg",
      kind: "image",
      options: { width: 400, format: "webp", quality: "high" },
      metadata: { ledger: "L1", gen: "7", key: "v1/p/w400.webp", width: "400", height: "300", etag: '"e"' },
    });
    expect(jobOrder(generation).idempotencyKey).toBe("pw-L1-7");
  });

  it("has the configuration's word instead of a quality, for the format that is made and that quality only", () => {
    const qualities = { avif: { low: "medium", very_low: "low" }, png: { low: "high" } } as const;
    const told = (asked: "avif" | "webp" | "jpeg", quality: "low" | "high", alpha = false) => {
      const order = { ...generation, transform: { ...transform, format: asked, quality }, alpha };
      return jobOrder({ ...order, format: madeFormat(asked, alpha) }, qualities).options.quality;
    };
    expect([told("avif", "low"), told("avif", "high"), told("webp", "low")]).toEqual(["medium", "high", "low"]);
    expect([told("jpeg", "low"), told("jpeg", "low", true)]).toEqual(["low", "high"]);
  });

  it("names the address that its end is told to, where there is one", () => {
    const webhookUrl = "https://prewarm.example.com/ittybit/7/token";
    const { webhook_url, ...rest } = JSON.parse(requestBody({ ...jobOrder(generation), webhookUrl }));
    expect(webhook_url).toBe(webhookUrl);
    expect(rest).toEqual(JSON.parse(requestBody(jobOrder(generation))));
  });

  it("is the same bytes for the same order, in whatever order its fields come, and on a retry", () => {
    const text = requestBody(jobOrder(generation));
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(generation), { minLength: 11 }), (names) => {
        const shuffled = Object.fromEntries(names.map((name) => [name, generation[name as keyof typeof generation]]));
        const order = jobOrder(shuffled as unknown as typeof generation);
        const metadata = Object.fromEntries(Object.entries(order.metadata).reverse());
        const options = Object.fromEntries(Object.entries(order.options).reverse()) as unknown as JobOrder["options"];
        expect(requestBody({ ...order, metadata, options, again: true })).toBe(text);
      }),
    );
  });
});
