import { describe, expect, it } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { backoffMs, retryAfterMs } from "./backoff.ts";
import { EXIT } from "./exit-codes.ts";
import { type HttpRequest, sendRequest } from "./http-request.ts";

const get: HttpRequest = { method: "GET", url: "https://control.example.com/api/v1/stats" };

/** Answers with these in turn, the last one for ever; an Error is a broken connection. */
function setup(answers: (Response | Error)[], graceful = true) {
  let calls = 0;
  const world = createWorld({
    graceful,
    fetch: () => {
      const answer = answers[Math.min(calls, answers.length - 1)];
      calls += 1;
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error("no answer set");
      return answer.clone();
    },
  });
  return { ...world, calls: () => calls };
}

const status = (code: number, headers: Record<string, string> = {}, body = "{}") =>
  new Response(body, { status: code, headers });

it("leaves nothing on the signals of the whole command: a long list would hold each of its bodies for a minute", async () => {
  const { context } = setup([status(500), status(200)]);
  const listeners = new Set<unknown>();
  const { now } = context.interrupts;
  const add = now.addEventListener.bind(now);
  now.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    add(...args);
  };
  const remove = now.removeEventListener.bind(now);
  now.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    remove(...args);
  };
  let seen = 0;
  const fetchOnce = context.fetch;
  context.fetch = (...args) => {
    seen = Math.max(seen, listeners.size);
    return fetchOnce(...args);
  };
  await sendRequest(context, get);
  expect([seen, listeners.size]).toEqual([1, 0]);
});

describe("what is tried again", () => {
  it.each([
    ["a broken connection", new TypeError("fetch failed")],
    ["500", status(500)],
    ["502", status(502)],
    ["503", status(503)],
    ["408", status(408)],
    ["429", status(429)],
  ])("%s, until it is over", async (_, fault) => {
    const { context, calls } = setup([fault, fault, status(200)]);
    expect((await sendRequest(context, get)).status).toBe(200);
    expect(calls()).toBe(3);
  });

  it.each([400, 401, 403, 404, 409, 413, 422, 302])("not %i: the answer is final", async (code) => {
    const { context, calls } = setup([status(code)]);
    expect((await sendRequest(context, get)).status).toBe(code);
    expect(calls()).toBe(1);
  });

  it("409 under an idempotency key: the same request is just being accepted", async () => {
    const { context, calls } = setup([status(409), status(202)]);
    await sendRequest(context, { ...get, method: "POST", headers: { "idempotency-key": "run:1" } });
    expect(calls()).toBe(2);
  });

  it("not a 500 or a broken connection of what must not be sent twice", async () => {
    const request: HttpRequest = { ...get, method: "POST", repeatable: false };
    const { context, calls } = setup([status(500)]);
    expect((await sendRequest(context, request)).status).toBe(500);
    expect(calls()).toBe(1);
    await expect(sendRequest(setup([new TypeError("x")]).context, request)).rejects.toMatchObject({
      exitCode: EXIT.unreachable,
    });
  });
});

describe("how long it waits", () => {
  it("for Retry-After in seconds, or until the date it gives", async () => {
    const date = new Date(1_700_000_000_000 + 7000 + 50_000).toUTCString();
    const { context, slept } = setup([
      status(429, { "retry-after": "7" }),
      status(503, { "retry-after": date }),
      status(200),
    ]);
    await sendRequest(context, get);
    expect(slept()).toBe(57_000);
  });

  it("tells of waits that the server asked for", async () => {
    const throttled: number[] = [];
    const { context } = setup([status(429, { "retry-after": "7" }), status(500), status(200)]);
    await sendRequest(context, get, { onThrottled: (ms) => throttled.push(ms) });
    expect(throttled).toEqual([7000]);
  });

  it("gives up after eight failures, but never because of 429", async () => {
    const dead = setup([status(502)]);
    expect(await sendRequest(dead.context, get).catch((error) => error)).toMatchObject({ exitCode: EXIT.unreachable });
    expect(dead.calls()).toBe(8);
    const busy = setup([...Array.from({ length: 50 }, () => status(429)), status(200)]);
    expect((await sendRequest(busy.context, get)).status).toBe(200);
  });

  it("not past the deadline", async () => {
    const { context, calls } = setup([status(429, { "retry-after": "60" })]);
    const deadline = context.clock.now() + 59_000;
    await expect(sendRequest(context, get, { deadline })).rejects.toMatchObject({ exitCode: EXIT.unreachable });
    expect(calls()).toBe(1);
  });

  it("not once it is interrupted", async () => {
    const { context, calls, press } = setup([status(429)]);
    const waiting = sendRequest(context, get, { onThrottled: press });
    await expect(waiting).rejects.toMatchObject({ exitCode: EXIT.interrupted });
    expect(calls()).toBe(1);
  });

  it("with jitter within a doubling bound, at most 30 s", () => {
    expect([1, 2, 3, 20].map((n) => backoffMs(n, () => 1))).toEqual([500, 1000, 2000, 30_000]);
    expect(backoffMs(3, () => 0)).toBe(0);
  });

  it.each([
    [null, null],
    ["soon", null],
    ["-3", null],
    ["3", 3000],
    ["99999999", 600_000],
    ["Wed, 21 Oct 2015 07:28:00 GMT", 0],
  ])("reads Retry-After %j as %j ms", (header, ms) => {
    expect(retryAfterMs(header, 1_700_000_000_000)).toBe(ms);
  });
});
