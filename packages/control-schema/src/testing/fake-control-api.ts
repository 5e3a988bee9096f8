import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { ApiError } from "@prewarm/shared/api-errors";
import { problemBody } from "@prewarm/shared/errors";
import * as z from "zod";
import { type Answer, answerOf, type CALLS, type CallName, type Given, JSON_CALLS, rowOf } from "../calls.ts";
import { leastValue } from "./least-value.ts";

/*
 * A control API for tests. Its routes are made from the JSON calls of `CALLS`, and each call's schemas check query, body and answer. A test that asks what the
 * real API does not take, or answers what the real API cannot give, fails at `close`.
 */

/** A request of a call, as it came. */
export interface Received {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Parsed<S> = S extends z.ZodType ? (unknown extends z.output<S> ? z.input<S> : z.output<S>) : undefined;
type PartOf<C extends CallName, P extends string> =
  (typeof CALLS)[C] extends Record<P, infer S> ? Parsed<S> : undefined;

/** A call, with query and body as its schemas read them. */
export interface Asked<C extends CallName> {
  params: Given<C>["params"];
  query: PartOf<C, "query">;
  body: PartOf<C, "body">;
  request: Received;
}

/**
 * What calls answer, each by a value or by a function, which throws an ApiError to refuse. A call without an answer, and a function that
 * returns undefined, answer the least value of the call's schema.
 */
export type Answers = { [C in CallName]?: Answer<C> | ((asked: Asked<C>) => Answer<C> | undefined) };

/**
 * What happens in place of the answer: a response, or an empty one of a status; `hang`: nothing is answered; `drop`: the call is carried out,
 * and the connection breaks.
 */
export type Fault = Response | number | "hang" | "drop" | null;

export interface FakeControlApi {
  /** Without a trailing slash. */
  url: string;
  answers: Answers;
  /** Every request of a call, in order, faults included. */
  received: Received[];
  /** Asked before a call is answered, with how many requests its path has had. Default: no fault. */
  fault: (request: Received, count: number) => Fault | Promise<Fault>;
  /** Asked after `fault`. Throws an ApiError for a request that may not make the call. Default: every request may. */
  guard: (request: Received) => void;
  /** Answers a path that is no call. null, the default: the test fails at `close`. */
  elsewhere: (path: string) => Response | null | Promise<Response | null>;
  /** Ends the server. Rejects with every fault that was found in a query, a body or an answer since the start. */
  close(): Promise<void>;
}

export async function startFakeControlApi(
  given: Partial<Omit<FakeControlApi, "url" | "close" | "received">> = {},
): Promise<FakeControlApi> {
  const wrong: string[] = [];
  const server = createServer((incoming, outgoing) => void serve(api, wrong, incoming, outgoing));
  const api: FakeControlApi = {
    url: "",
    answers: {},
    received: [],
    fault: () => null,
    guard: () => {},
    elsewhere: () => null,
    ...given,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (wrong.length > 0) throw new Error(wrong.join("\n"));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return api;
}

async function serve(api: FakeControlApi, wrong: string[], incoming: IncomingMessage, outgoing: ServerResponse) {
  const { method = "", url: path = "", headers } = incoming;
  let body = "";
  for await (const chunk of incoming.setEncoding("utf8")) body += chunk;
  const request = { method, path, headers, body };
  let response: Response | "hang" | "drop";
  try {
    response = await responseTo(api, request);
  } catch (error) {
    // No client repeats a request after this status, so that the test fails at once.
    wrong.push(`${method} ${path}: ${error instanceof Error ? error.message : error}`);
    response = problem(new ApiError("body_invalid", { detail: wrong.at(-1) }));
  }
  if (response === "drop") incoming.socket.destroy();
  if (!(response instanceof Response)) return;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
}

/** Throws where the request or its answer does not fit. */
async function responseTo(api: FakeControlApi, request: Received): Promise<Response | "hang" | "drop"> {
  const { pathname, searchParams } = new URL(request.path, api.url);
  const line = `${request.method} ${pathname}`;
  const call = ROUTES.find(({ pattern }) => pattern.test(line));
  if (call === undefined) {
    const response = await api.elsewhere(pathname);
    if (response === null) throw new Error("The control API has no such call.");
    return response;
  }
  api.received.push(request);
  const fault = await api.fault(request, api.received.filter(({ path }) => path === request.path).length);
  if (typeof fault === "number") return new Response(null, { status: fault });
  if (fault !== null && fault !== "drop") return fault;
  const groups = Object.entries(call.pattern.exec(line)?.groups ?? {});
  const params = Object.fromEntries(groups.map(([param, value]) => [param, decodeURIComponent(value)]));
  const response = answerTo(api, call.name, { params, query: queryOf(searchParams), request });
  return fault ?? response;
}

/** The params of a path are the groups of its pattern. */
const ROUTES = JSON_CALLS.map((name) => ({
  name,
  pattern: new RegExp(`^${name.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
}));

/** `query` as it came: its schema reads it here. */
function answerTo(
  api: FakeControlApi,
  name: CallName,
  { params, query, request }: { params: object; query: object; request: Received },
): Response {
  const row = rowOf(name);
  const answer = answerOf(name);
  try {
    api.guard(request);
    const asked = {
      params,
      query: row.query && read(row.query, "query", query),
      body: row.body && read(row.body, "body", JSON.parse(request.body)),
      request,
    };
    const given: unknown = api.answers[name];
    const value: unknown = typeof given === "function" ? given(asked) : given;
    return answered(value === undefined ? leastValue(answer) : value, answer);
  } catch (error) {
    if (error instanceof ApiError) return problem(error);
    throw error;
  }
}

function answered(value: unknown, schema: z.ZodType): Response {
  const text = JSON.stringify(value);
  const sent: unknown = JSON.parse(text);
  if (!isDeepStrictEqual(read(schema, "answer", sent), sent))
    throw new Error("The answer has a field that its schema does not name.");
  if (sent === null) return new Response(null, { status: 204 });
  return new Response(text, { headers: { "content-type": "application/json" } });
}

function problem(error: ApiError): Response {
  const headers = { "content-type": "application/problem+json" };
  return new Response(problemBody(error), { status: error.status, headers });
}

/** A name that is repeated as a list. */
function queryOf(query: URLSearchParams): Record<string, string | string[]> {
  const values = [...new Set(query.keys())].map((name) => [name, query.getAll(name)] as const);
  return Object.fromEntries(values.map(([name, all]) => [name, all.length === 1 ? (all[0] ?? "") : all]));
}

function read(schema: z.ZodType, what: string, value: unknown) {
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw new Error(`The ${what} does not fit the schema of this call:\n${z.prettifyError(error)}`);
  return data;
}
