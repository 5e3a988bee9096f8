import { ApiError } from "@prewarm/shared/api-errors";
import { beforeEach, expect, it } from "vitest";
import { answerOf, type CallName, JSON_CALLS } from "../calls.ts";
import { Gate } from "../gate.ts";
import { Image } from "../images.ts";
import { type FakeControlApi, startFakeControlApi } from "./fake-control-api.ts";
import { leastValue } from "./least-value.ts";

let api: FakeControlApi;
beforeEach(async () => {
  api = await startFakeControlApi();
});

/** Asks; the body is JSON. Resolves with the status and the answer, null where it has none. */
async function ask(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(api.url + path, { method, ...sent });
  const text = await response.text();
  return [response.status, text === "" ? null : JSON.parse(text)];
}

it("answers every call with the least that its schema takes", async () => {
  for (const name of JSON_CALLS) {
    const answer = answerOf(name);
    expect([name, answer.parse(leastValue(answer))]).toEqual([name, leastValue(answer)]);
  }
  expect(await ask("GET", "/api/v1/gate")).toEqual([200, leastValue(Gate)]);
  expect(await ask("GET", "/api/v1/session")).toEqual([204, null]);
  await api.close();
});

it("answers what a test gives, by what was asked, and refuses as the real API does", async () => {
  api.answers["GET /api/v1/images/{id}"] = ({ params, query }) => {
    if (query.cursor !== undefined) throw new ApiError("not_found");
    return { ...leastValue(Image), id: params.id };
  };
  expect(await ask("GET", "/api/v1/images/a%2Fb")).toMatchObject([200, { id: "a/b" }]);
  expect(await ask("GET", "/api/v1/images/a?cursor=after:2")).toMatchObject([404, { code: "not_found" }]);
  expect(api.received.map(({ path }) => path)).toEqual(["/api/v1/images/a%2Fb", "/api/v1/images/a?cursor=after:2"]);
  await api.close();
});

it.each<[why: string, method: string, path: string, body: unknown, message: RegExp]>([
  ["an answer of another type", "GET", "/api/v1/history", undefined, /The answer does not fit[\s\S]*expected number/],
  ["an answer with a field too many", "DELETE", "/api/v1/images/a", undefined, /a field that its schema does not name/],
  ["a query that the API refuses", "GET", "/api/v1/jobs?state=lost", undefined, /The query does not fit/],
  ["a body that the API refuses", "PUT", "/api/v1/images/a/focal", { focal: [2, 0] }, /The body does not fit/],
  ["a call that the API does not have", "GET", "/api/v1/nowhere", undefined, /no such call/],
])("fails a test at its end by %s", async (_, method, path, body, message) => {
  const lies: { [C in CallName]?: unknown } = {
    "GET /api/v1/history": { tier: "minute", bucketMs: "a minute", buckets: [] },
    "DELETE /api/v1/images/{id}": { id: "a", purge: "1", state: "done", at: 0 },
  };
  Object.assign(api.answers, lies);
  expect(await ask(method, path, body)).toMatchObject([400, { code: "body_invalid" }]);
  await expect(api.close()).rejects.toThrow(message);
});
