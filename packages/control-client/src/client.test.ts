import { describe, expect, it } from "vitest";
import { ApiError, type ClientOptions, createCall } from "./client.ts";

/** A client whose requests are kept, and answered by `answer`. */
function setup(answer: (request: Request) => Response | Promise<Response>, options: ClientOptions = {}) {
  const sent: Request[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    sent.push(request.clone());
    return answer(request);
  };
  return { sent, call: createCall({ baseUrl: "https://control.example.com", fetch, ...options }) };
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

describe("what is sent", () => {
  it("encodes an id as one segment, whatever is in it", async () => {
    const { sent, call } = setup(() => json({ id: "x", purge: "1", state: "purging" }, 202));
    await call("DELETE /api/v1/images/{id}", { params: { id: "a/b?c#d %2F" } });
    expect([sent[0]?.method, new URL(sent[0]?.url ?? "").pathname]).toEqual([
      "DELETE",
      "/api/v1/images/a%2Fb%3Fc%23d%20%252F",
    ]);
  });

  it("repeats lists in the query and leaves out what is not given", async () => {
    const { sent, call } = setup(() => json({ jobs: [], nextCursor: null }));
    await call("GET /api/v1/jobs", { query: { state: ["dead", "queued"], lane: [], limit: 50 } });
    expect(new URL(sent[0]?.url ?? "").search).toBe("?state=dead&state=queued&limit=50");
  });

  it("is JSON with the client's headers and the key of this call", async () => {
    const { sent, call } = setup(() => json({}, 202), { headers: { authorization: "Bearer t" } });
    await call("POST /api/v1/warm", { body: { items: [{ id: "a" }] }, idempotencyKey: "run:1" });
    expect(await sent[0]?.json()).toEqual({ items: [{ id: "a" }] });
    expect(Object.fromEntries(sent[0]?.headers ?? [])).toMatchObject({
      accept: "application/json",
      authorization: "Bearer t",
      "content-type": "application/json",
      "idempotency-key": "run:1",
    });
  });

  it("is a raw body as it stands, in its own type", async () => {
    const { sent, call } = setup(() => json({}, 202));
    await call("POST /api/v1/warm", { body: { contentType: "text/csv", data: "id\na\n" } });
    expect([sent[0]?.headers.get("content-type"), await sent[0]?.text()]).toEqual(["text/csv", "id\na\n"]);
  });
});

describe("what comes back", () => {
  const refused = async (answer: Response | Error, options: ClientOptions = {}): Promise<unknown> => {
    const { call } = setup(() => {
      if (answer instanceof Error) throw answer;
      return answer;
    }, options);
    return call("GET /api/v1/stats", {}).then(
      () => "not refused",
      (error) => error,
    );
  };

  it("is the body of a 2xx, and null where it has none", async () => {
    const { call } = setup(({ method }) =>
      method === "DELETE" ? new Response(null, { status: 204 }) : json({ a: 1 }),
    );
    expect(await call("GET /api/v1/session", {})).toEqual({ a: 1 });
    expect(await call("DELETE /api/v1/session", {})).toBeNull();
  });

  it("is a problem as an ApiError, with its code and the wait it asks for", async () => {
    const problem = { title: "Too many", detail: "Wait a little.", code: "too_many_requests" };
    const error = await refused(json(problem, 429, { "retry-after": "7" }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, code: "too_many_requests", message: "Wait a little.", retryAfter: 7 });
  });

  it.each(["<h1>Bad gateway</h1>", "", "null", "[]", '{"code":7,"detail":{}}'])(
    "is an ApiError without a code where a proxy answers %j",
    async (body) => {
      expect(await refused(new Response(body, { status: 502 }))).toMatchObject({
        status: 502,
        code: null,
        message: "The server answered 502.",
        retryAfter: null,
      });
    },
  );

  it.each([{}, { "content-length": "24" }])("is an ApiError where a 200 is no JSON (%j)", async (headers) => {
    expect(await refused(new Response("<h1>Sign in, please</h1>", { headers }))).toMatchObject({
      name: "ApiError",
      status: 200,
      message: "The answer is no JSON.",
    });
  });

  it("is an ApiError of status 0 where nothing comes, with the cause", async () => {
    const cause = new TypeError("fetch failed");
    expect(await refused(cause)).toMatchObject({ name: "ApiError", status: 0, cause });
  });

  it("is an ApiError of status 0 when the time is up", async () => {
    const { call } = setup(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
      { timeoutMs: 5 },
    );
    await expect(call("GET /api/v1/stats", {})).rejects.toMatchObject({
      status: 0,
      cause: { name: "TimeoutError" },
    });
  });

  it("is the caller's own abort when the caller gave up", async () => {
    const { call } = setup(({ signal }) => Promise.reject(signal.reason));
    await expect(call("GET /api/v1/stats", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("an answer that has not changed", () => {
  it("is the object of the call before, and of one with the server's time a copy with the present time", async () => {
    const bodies: Record<string, object> = { "/api/v1/stats": { at: 1_000, open: 0 }, "/api/v1/runs": { runs: [] } };
    const { sent, call } = setup(({ url, headers }) => {
      if (headers.has("if-none-match")) return new Response(null, { status: 304, headers: { "prewarm-at": "4000" } });
      return json(bodies[new URL(url).pathname], 200, { etag: 'W/"one"' });
    });
    const runs = await call("GET /api/v1/runs", {});
    expect(await call("GET /api/v1/runs", {})).toBe(runs);
    await call("GET /api/v1/stats", {});
    expect(await call("GET /api/v1/stats", {})).toEqual({ at: 4_000, open: 0 });
    expect(sent.map(({ headers }) => headers.get("if-none-match"))).toEqual([null, 'W/"one"', null, 'W/"one"']);
  });

  it("is asked for in full where another address, or no ETag, came before", async () => {
    const { sent, call } = setup(({ url }) => json({}, 200, url.includes("limit=5") ? { etag: '"five"' } : {}));
    for (const limit of [5, 6, 6]) await call("GET /api/v1/runs", { query: { limit } });
    expect(sent.map(({ headers }) => headers.get("if-none-match"))).toEqual([null, null, null]);
  });
});
