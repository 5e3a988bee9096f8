import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { wait } from "../clock.ts";
import { ApiError } from "../errors.ts";
import type { RequestFault } from "../faults/fault-rule.ts";
import type { FaultSubject } from "../faults/faults.ts";
import { isRecord } from "../jobs/job-request.ts";
import { answerAdmin } from "./admin-routes.ts";
import { type ApiAnswer, type ApiCall, createJob, createTask, getJob, listJobs, parseJson } from "./api-routes.ts";
import { authenticate } from "./authenticate.ts";
import { dialectAndContext, type EmulatorState } from "./emulator-state.ts";
import { readBody, readTarget, sendJson, sendText } from "./http-io.ts";
import { retryAfterHeaders } from "./rate-limit.ts";

type RouteName = "create" | "get" | "list" | "task" | "connection" | "connections" | "endpoint" | "endpoints";

interface Route {
  name: RouteName;
  jobId: string | null;
}

const ERROR_KINDS: Record<number, string> = {
  400: "request_invalid",
  401: "token_invalid",
  402: "payment_required",
  403: "project_required",
  404: "job_not_found",
  429: "rate_limited",
};

/** How a call ended: the status that was sent, or `hang`, `reset` or `lost` when none was. */
interface CallResult {
  route: string;
  outcome: number | string;
  jobId: string | null;
}

function routeOf(emulator: EmulatorState, method: string, path: string): Route {
  const [, collection, id, ...rest] = path.split("/");
  const { tasksAreJobs: alias, endpoints } = dialectAndContext(emulator).dialect;
  if (endpoints && path === "/webhooks/endpoints" && (method === "GET" || method === "POST"))
    return { name: method === "POST" ? "endpoint" : "endpoints", jobId: null };
  const known = rest.length === 0 && (collection === "jobs" || collection === "tasks" || collection === "connections");
  const hasItem = collection === "jobs" || (collection === "tasks" && alias);
  if (!known || (id !== undefined && !hasItem)) throw new ApiError(404, "not_found", `no such endpoint: ${path}`);
  const allowed = id !== undefined ? ["GET"] : collection === "tasks" && !alias ? ["POST"] : ["GET", "POST"];
  if (!allowed.includes(method)) {
    throw new ApiError(405, "method_not_allowed", `${method} is not allowed`, { allow: allowed.join(", ") });
  }
  if (id !== undefined) return { name: "get", jobId: id }; // ids need no decoding: ours are base 32
  if (collection === "connections") return { name: method === "POST" ? "connection" : "connections", jobId: null };
  if (method === "GET") return { name: "list", jobId: null };
  return { name: hasItem ? "create" : "task", jobId: null };
}

function subjectOf(emulator: EmulatorState, route: Route, call: ApiCall): FaultSubject {
  if (route.name === "get") {
    const job = route.jobId === null ? undefined : emulator.store.get(route.jobId);
    return { input: job?.input ?? null, options: job?.options ?? {}, jobId: route.jobId };
  }
  if (route.name === "list") return { input: call.query.get("input"), options: {}, jobId: null };
  try {
    const body: unknown = JSON.parse(call.body);
    if (!isRecord(body)) return { input: null, options: {}, jobId: null };
    const input = body.input ?? body.url;
    const options = isRecord(body.options) ? body.options : body;
    return { input: typeof input === "string" ? input : null, options, jobId: null };
  } catch {
    return { input: null, options: {}, jobId: null };
  }
}

function requireJsonType(request: IncomingMessage): void {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type)) {
    throw new ApiError(400, "request_invalid", "content-type must be application/json");
  }
}

function perform(emulator: EmulatorState, route: Route, call: ApiCall, fault: RequestFault | undefined): ApiAnswer {
  switch (route.name) {
    case "create":
      return createJob(emulator, call);
    case "get":
      return getJob(emulator, route.jobId ?? "", call.version);
    case "list":
      return listJobs(emulator, call, fault?.type === "shuffled");
    case "task":
      return createTask(emulator, call);
    case "connection":
      return { status: 201, body: emulator.connections.add(parseJson(call.body)) };
    case "connections":
      return { status: 200, body: emulator.connections.list() };
    case "endpoint":
      return { status: 201, body: emulator.endpoints.add(parseJson(call.body)) };
    case "endpoints":
      return { status: 200, body: emulator.endpoints.list() };
    default:
      return route.name satisfies never;
  }
}

function errorAnswer(emulator: EmulatorState, error: ApiError, version: string | null): ApiAnswer {
  const { dialect, context } = dialectAndContext(emulator, version);
  return {
    status: error.status,
    body: dialect.error(error.kind, error.message, context),
    headers: { ...error.headers },
  };
}

/** The answer that `fault` gives; `hang` or `reset` when it gives none; undefined when the call is performed all the same. */
function faultAnswer(
  emulator: EmulatorState,
  fault: RequestFault,
  version: string | null,
): ApiAnswer | "hang" | "reset" | undefined {
  switch (fault.type) {
    case "throttled": {
      const headers = retryAfterHeaders(fault.retryAfter, fault.seconds, emulator.clock.now() + emulator.skewMs);
      return errorAnswer(emulator, new ApiError(429, "rate_limited", "too many requests", headers), version);
    }
    case "status": {
      const kind = fault.kind ?? ERROR_KINDS[fault.status] ?? "internal_error";
      const error = new ApiError(fault.status, kind, fault.message ?? kind.replaceAll("_", " "));
      return errorAnswer(emulator, error, version);
    }
    case "html":
      return { status: fault.status, body: `<html><body><h1>${fault.status} Bad Gateway</h1></body></html>` };
    case "hang":
    case "reset":
      return fault.type;
    default:
      return undefined;
  }
}

async function readCall(emulator: EmulatorState, request: IncomingMessage, url: URL): Promise<ApiCall> {
  const method = request.method ?? "GET";
  const body = await readBody(request);
  const apiKey = authenticate(emulator, request.headers.authorization);
  const idempotencyKey = keyOf(request);
  const version = versionOf(request);
  return { method, path: url.pathname, query: url.searchParams, apiKey, idempotencyKey, version, body };
}

function keyOf({ headers }: IncomingMessage): string | null {
  const key = headers["idempotency-key"];
  return typeof key === "string" && key !== "" ? key : null;
}

/** SDK 1.0.0 sends `Accept-Version` and, given an option, a second header spelled `ACCEPT_VERSION`; 0.8.7 has only that one. */
function versionOf({ headers }: IncomingMessage): string | null {
  const version = headers.accept_version ?? headers["accept-version"];
  return typeof version === "string" && version !== "" ? version : null;
}

/** Answers one call, or lets a fault answer it, and returns what was sent. */
async function answer(
  emulator: EmulatorState,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<CallResult> {
  let name = "unknown";
  let jobId: string | null = null;
  const send = ({ status, body, headers }: ApiAnswer): CallResult => {
    const shown = { date: new Date(emulator.clock.now() + emulator.skewMs).toUTCString(), ...headers };
    if (typeof body === "string") sendText(response, status, body, { "content-type": "text/html", ...shown });
    else sendJson(response, status, body, shown);
    return { route: name, outcome: status, jobId };
  };
  const silence = (outcome: string): CallResult => {
    if (outcome !== "hang") request.socket.destroy();
    return { route: name, outcome, jobId };
  };
  try {
    const call = await readCall(emulator, request, url);
    const route = routeOf(emulator, call.method, call.path);
    ({ name, jobId } = route);
    emulator.rateLimit.take(name === "create" ? "create" : "other");
    const isFaulty = name === "create" || name === "get" || name === "list";
    const fault = isFaulty ? emulator.faults.forRequest(name as "create", subjectOf(emulator, route, call)) : undefined;
    const instead = fault && faultAnswer(emulator, fault, call.version);
    if (fault?.type === "status" && fault.acted) perform(emulator, route, call, fault);
    if (instead !== undefined) return typeof instead === "string" ? silence(instead) : send(instead);
    if (fault?.type === "delay") await wait(emulator.clock, fault.ms);
    if (call.method === "POST") requireJsonType(request);
    const done = perform(emulator, route, call, fault);
    jobId = done.job?.id ?? jobId;
    if (fault?.type === "lost") return silence("lost");
    if (fault?.type === "late") await wait(emulator.clock, fault.ms);
    return send(fault?.type === "malformed" ? { ...done, body: '{"id":"job_' } : done);
  } catch (cause) {
    const error = cause instanceof ApiError ? cause : new ApiError(500, "internal_error", String(cause));
    // Only the limits throw a 429: that of a fault rule is an answer.
    if (error.status === 429 && name === "create") emulator.timeline.add("refused", keyOf(request), emulator.openJobs);
    return send(errorAnswer(emulator, error, versionOf(request)));
  }
}

/** The API's server; `/__emulator/` is the side channel the real service lacks. */
export function createApiServer(emulator: EmulatorState): Server {
  return createServer((request, response) => {
    const url = readTarget(request, response, emulator.apiUrl);
    if (url === null) return;
    if (url.pathname.startsWith("/__emulator")) {
      answerAdmin(emulator, request, response, url).catch(() => response.destroy());
      return;
    }
    const startedAt = performance.now();
    const method = request.method ?? "GET";
    const close = emulator.requests.open({ at: emulator.clock.now(), method, path: request.url ?? "/" });
    answer(emulator, request, response, url)
      .then((outcome) => {
        close({ ...outcome, idempotencyKey: keyOf(request), ms: performance.now() - startedAt });
        emulator.log("request", { method, path: url.pathname, ...outcome });
      })
      .catch(() => response.destroy());
  });
}
