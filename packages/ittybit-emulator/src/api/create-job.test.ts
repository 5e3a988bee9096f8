import { describe, expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { kindOf, setup } from "../testing/setup.ts";

const NOW = 1_790_000_000_000;

describe("POST /jobs", () => {
  it("answers 201 with the whole job, queued", async () => {
    const { create, photo } = await setup({ clock: createFakeClock(NOW) });
    const response = await create({ options: { width: 80, format: "webp", quality: "high" }, metadata: { ref: "a" } });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^job_[0-9a-hjkmnp-tv-z]{26}$/),
      object: "job",
      kind: "image",
      input: photo,
      output: null,
      options: { width: 80, format: "webp", quality: "high" },
      metadata: { ref: "a" },
      status: "queued",
      error: null,
      tasks: ["probe", "import", "image", "export"].map((kind) => expect.objectContaining({ kind, output: null })),
      created_at: NOW,
      started_at: null,
      finished_at: null,
      updated_at: NOW,
    });
  });

  it.each<[object, string, string]>([
    [{ input: undefined }, "request_invalid", "input is required"],
    [{ input: 7 }, "request_invalid", "input is no string"],
    [{ input: "ftp://example.com/a.jpg" }, "invalid_input", "another scheme"],
    [{ input: "photo.jpg" }, "invalid_input", "no URL"],
    [{ kind: undefined }, "request_invalid", "kind is required"],
    [{ kind: "picture" }, "request_invalid", "a kind outside the five"],
    [{ kind: "toString" }, "request_invalid", "a name on Object.prototype"],
    [{ options: { format: "gif" } }, "format_unsupported", "GIF is for animation"],
    [{ options: { format: "jpg" } }, "format_unsupported", "the reference says jpeg"],
    [{ kind: "animation", options: { format: "avif" } }, "format_unsupported", "not of this kind"],
    [{ options: { format: 1 } }, "request_invalid", "a format that is no string"],
    [{ options: { quality: 80 } }, "request_invalid", "quality has names"],
    [{ options: { quality: "best" } }, "request_invalid", "another name"],
    [{ options: { fit: "inside" } }, "request_invalid", "another fit"],
    [{ options: { width: 0 } }, "request_invalid", "no width"],
    [{ options: { width: 10.5 } }, "request_invalid", "half a pixel"],
    [{ options: { width: 9000 } }, "request_invalid", "beyond 8192"],
    [{ options: { height: "50" } }, "request_invalid", "a string that is no percentage"],
    [{ options: { height: "0%" } }, "request_invalid", "no height"],
    [{ options: { position: "middle" } }, "request_invalid", "another position"],
    [{ options: { background: "red", fit: "contain" } }, "request_invalid", "a colour name"],
    [{ options: { background: "#000000", fit: "cover" } }, "request_invalid", "background without contain"],
    [{ options: [] }, "request_invalid", "options that are no object"],
    [{ output: "https://example.com/a" }, "request_invalid", "an output that is not S3"],
    [{ output: "s3://bucket" }, "request_invalid", "an output without a key"],
    [{ metadata: "x" }, "request_invalid", "metadata that is no object"],
    [{ webhook_url: "http://example.com/hook" }, "request_invalid", "a webhook without https"],
    [{ webhook_url: "nowhere" }, "request_invalid", "a webhook that is no URL"],
  ])("refuses %j with %s (%s)", async (body, kind) => {
    const { create, emulator } = await setup();
    const response = await create(body);
    expect([response.status, await kindOf(response)]).toEqual([400, kind]);
    expect(emulator.control.stats().createdJobs).toBe(0);
  });

  it("names the three schemes when it refuses an input", async () => {
    const { create } = await setup();
    const { message } = (await (await create({ input: "ftp://x/y" })).json()) as { message: string };
    for (const scheme of ["http://", "https://", "s3://"]) expect(message).toContain(scheme);
  });

  it.each<[object, string]>([
    [{ colour: "red" }, "an unknown field"],
    [{ options: { width: 10, dpr: 2 } }, "an unknown option"],
  ])("ignores %j unless strict (%s)", async (body) => {
    const { create, emulator } = await setup();
    expect((await create(body)).status).toBe(201);
    emulator.control.configure({ strict: true });
    const refused = await create(body);
    expect([refused.status, await kindOf(refused)]).toEqual([400, "request_invalid"]);
    expect((await create({ options: { width: 10 }, metadata: {} })).status).toBe(201);
  });

  it.each([
    ["not json", { "content-type": "application/json" }],
    ["[]", { "content-type": "application/json" }],
    ["{}", { "content-type": "text/plain" }],
  ])("refuses the body %j with %j", async (body, headers) => {
    const { call } = await setup();
    const response = await call("/jobs", { method: "POST", body, headers });
    expect([response.status, await kindOf(response)]).toEqual([400, "request_invalid"]);
  });

  it("refuses a body beyond 1 MiB", async () => {
    const { create } = await setup();
    expect((await create({ metadata: { long: "x".repeat(1_100_000) } })).status).toBe(413);
  });
});

describe("keys and endpoints", () => {
  it.each([
    [{}, "token_missing"],
    [{ authorization: "Bearer " }, "token_missing"],
    [{ authorization: "Basic eDp5" }, "token_missing"],
    [{ authorization: "Bearer wrong" }, "token_invalid"],
  ])("answers 401 to %j with %s", async (headers, kind) => {
    const { emulator } = await setup({ apiKey: "right" });
    const response = await fetch(`${emulator.apiUrl}/jobs`, { headers: headers as Record<string, string> });
    expect([response.status, await kindOf(response)]).toEqual([401, kind]);
  });

  it("takes any key unless one is set, and the right one then", async () => {
    const { call, emulator } = await setup();
    expect((await call("/jobs")).status).toBe(200);
    emulator.control.configure({ apiKey: "right" });
    expect((await call("/jobs")).status).toBe(401);
    expect((await call("/jobs", { headers: { authorization: "Bearer right" } })).status).toBe(200);
  });

  it.each([
    ["GET", "/jobs/job_unknown", 404, "job_not_found"],
    ["GET", "/nowhere", 404, "not_found"],
    ["GET", "/tasks/task_1", 404, "not_found"],
    ["DELETE", "/jobs/job_1", 405, "method_not_allowed"],
    ["GET", "/tasks", 405, "method_not_allowed"],
  ])("%s %s is %i %s", async (method, path, status, kind) => {
    const { call } = await setup();
    const response = await call(path, { method });
    expect([response.status, await kindOf(response)]).toEqual([status, kind]);
  });

  it("takes an input object on POST /tasks, and no string", async () => {
    const { call, photo } = await setup();
    const post = (input: unknown): Promise<Response> =>
      call("/tasks", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ kind: "probe", input }),
      });
    const made = await post({ url: photo });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({ object: "task", status: "waiting", output: null, progress: null });
    expect((await post(photo)).status).toBe(400);
  });
});

describe("rate limit", () => {
  it.each([
    ["seconds", /^1$/],
    ["date", /^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT$/],
  ] as const)("answers 429 with Retry-After as %s once the bucket is empty", async (retryAfter, expected) => {
    const { call } = await setup({ rateLimit: { perSecond: 1, burst: 2, retryAfter } });
    expect([(await call("/jobs")).status, (await call("/jobs")).status]).toEqual([200, 200]);
    const refused = await call("/jobs");
    expect([refused.status, await kindOf(refused)]).toEqual([429, "rate_limited"]);
    expect(refused.headers.get("retry-after")).toMatch(expected);
  });

  it("can leave Retry-After out, and refills", async () => {
    const { call, emulator } = await setup({ rateLimit: { perSecond: 1, burst: 1, retryAfter: "none" } });
    await call("/jobs");
    expect((await call("/jobs")).headers.has("retry-after")).toBe(false);
    emulator.control.advanceClock(1000);
    expect((await call("/jobs")).status).toBe(200);
  });
});
