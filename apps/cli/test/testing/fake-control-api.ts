import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/*
 * A small control API for the tests of the command line: it keeps runs, keys and jobs in memory, and refuses what the real one refuses
 * (a wrong token, a key used with another body). Faults are set from outside. Each image has two variants.
 */

interface FakeRun {
  run: string;
  label: string | null;
  keys: Set<string>;
  accepted: number;
  cancelled: boolean;
}

interface Received {
  method: string;
  path: string;
  key: string | null;
  body: string;
}

export interface FakeControlApi {
  url: string;
  /** Every request, in order, faults included. */
  received: Received[];
  /** Variants with a job, with the number of times each was accepted: more than once is a double. */
  jobs: Map<string, number>;
  runs: Map<string, FakeRun>;
  /** Called before a request is handled; what it returns is answered instead. `drop` accepts, then breaks the connection. */
  fault: (request: Received, count: number) => Fault | null | Promise<Fault | null>;
  /** State of a run's variants when asked; default: all stored. */
  stateOf: (key: string) => string;
  /** Variants of each run that were found in the store; default: none. */
  existing: number;
  gateReasons: { lane: string | null; code: string; message: string; until: null }[];
  findings: { code: string; message: string; count: number; fixed: boolean }[];
  /** Keys that R2 holds of an image; default: what was accepted of it, when it is asked. */
  storedOf: (id: string) => readonly string[];
  /** What is known of an image; null (the default): nothing. */
  infoOf: (id: string) => object | null;
  close(): Promise<void>;
}

type Fault = { status: number; headers?: Record<string, string>; body?: string } | "drop" | "hang";

export const TOKEN = "test-token";

export async function startFakeControlApi(): Promise<FakeControlApi> {
  const received: Received[] = [];
  const answers = new Map<string, { hash: string; body: unknown }>();
  const api: FakeControlApi = {
    url: "",
    received,
    jobs: new Map(),
    runs: new Map(),
    fault: () => null,
    stateOf: () => "stored",
    existing: 0,
    gateReasons: [],
    findings: [],
    storedOf: (id) => [...api.jobs.keys()].filter((key) => key.startsWith(`${id}?`)).map(keyOfJob),
    infoOf: () => null,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer(async (request, response) => {
    const call = await receive(request);
    received.push(call);
    const fault = await api.fault(call, received.filter(({ path }) => path === call.path).length);
    if (fault === "hang") return;
    if (fault !== null && fault !== "drop") {
      response.writeHead(fault.status, { "content-type": "application/problem+json", ...fault.headers });
      return response.end(fault.body ?? JSON.stringify({ title: "fault", status: fault.status, code: "unavailable" }));
    }
    const answer = handle(api, answers, call, request);
    if (fault === "drop") return request.socket.destroy();
    send(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return api;
}

interface Answer {
  status: number;
  body: unknown;
}

async function receive(request: IncomingMessage): Promise<Received> {
  let body = "";
  for await (const chunk of request) body += chunk;
  const key = request.headers["idempotency-key"];
  return { method: request.method ?? "", path: request.url ?? "", key: typeof key === "string" ? key : null, body };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
  response.end(JSON.stringify(body));
}

function handle(
  api: FakeControlApi,
  answers: Map<string, { hash: string; body: unknown }>,
  call: Received,
  request: IncomingMessage,
): Answer {
  const url = new URL(call.path, "http://x");
  const path = url.pathname;
  if (path.startsWith("/hooks/"))
    return { status: 202, body: { run: "run_hook", headers: request.headers, body: JSON.parse(call.body) } };
  if (request.headers.authorization !== `Bearer ${TOKEN}`)
    return problem(401, "unauthorized", "The proof of origin is missing or not valid.");
  if (path === "/api/v1/warm") return warm(api, answers, call, url);
  if (path.startsWith("/api/v1/runs/")) return runOf(api, call, decodeURIComponent(path.slice("/api/v1/runs/".length)));
  if (path === "/api/v1/runs")
    return { status: 200, body: { runs: [...api.runs.values()].map((run) => viewOf(api, run)), nextCursor: null } };
  if (path === "/api/v1/gate") {
    const asked = call.method === "PATCH" ? JSON.parse(call.body).paused : {};
    return {
      status: 200,
      body: { paused: { live: false, upload: false, bulk: false, ...asked }, reasons: api.gateReasons },
    };
  }
  if (path === "/api/v1/jobs") return jobs(api, url);
  if (path === "/api/v1/doctor") return doctor(api, call);
  if (path === "/api/v1/stats") return stats();
  if (path.startsWith("/api/v1/images/") && call.method === "DELETE")
    return {
      status: 202,
      body: { id: decodeURIComponent(path.slice("/api/v1/images/".length)), purge: "1", state: "purging" },
    };
  if (path.endsWith("/focal") && call.method === "PUT")
    return {
      status: 202,
      body: { ...JSON.parse(call.body), id: decodeURIComponent(path.split("/").at(-2) ?? ""), changed: true },
    };
  const removal = /^\/api\/v1\/images\/([^/]+)\/(remove|removal|unblock)$/.exec(path);
  if (removal !== null) return removalOf(decodeURIComponent(removal[1] ?? ""), removal[2] ?? "", call.body);
  if (path === "/api/v1/info") return infos(api, JSON.parse(call.body).ids);
  if (path.startsWith("/api/v1/images/"))
    return imageOf(api, decodeURIComponent(path.slice("/api/v1/images/".length)), url.searchParams.get("cursor"));
  if (path.startsWith("/api/v1/actions")) return action(api, call);
  return problem(404, "not_found", "Not found.");
}

function removalOf(removed: string, act: string, body: string): Answer {
  if (act === "unblock") return { status: 200, body: { id: removed } };
  const { reason } = act === "remove" ? JSON.parse(body) : { reason: "asked" };
  const objects = [{ name: "variants/a/400-high.webp", bytes: 1_234, uploadedAt: 0, deletedAt: 1_000 }];
  const times = { orderedAt: 0, edgeUntil: 3_601_000, browsersUntil: 3_601_000 };
  const checks = [{ at: 1_000, found: 1 }];
  const receipt = { removed, reason, by: "anna", ...times, jobs: 2, focal: true, objects, more: 0, checks };
  return { status: act === "remove" ? 202 : 200, body: { receipt: { ...receipt, complete: false }, signature: "s" } };
}

function problem(status: number, code: string, detail: string): Answer {
  return { status, body: { type: "about:blank", title: code, status, code, detail } };
}

function warm(
  api: FakeControlApi,
  answers: Map<string, { hash: string; body: unknown }>,
  call: Received,
  url: URL,
): Answer {
  const body = JSON.parse(call.body);
  const hash = createHash("sha256").update(call.body).digest("hex");
  if (url.searchParams.get("dryRun") === "1") return dryRun(api, body.items);
  const known = call.key === null ? undefined : answers.get(call.key);
  if (known !== undefined && known.hash !== hash)
    return problem(422, "idempotency_mismatch", "This key was used with another body.");
  if (known !== undefined) return { status: 202, body: known.body };
  const id = url.searchParams.get("run") ?? `run_${api.runs.size}`;
  const run = api.runs.get(id) ?? {
    run: id,
    label: body.label ?? null,
    keys: new Set(),
    accepted: 0,
    cancelled: false,
  };
  api.runs.set(id, run);
  const counts = { accepted: 0, duplicates: 0 };
  const rejected: unknown[] = [];
  for (const [index, item] of body.items.entries()) {
    if (item.id.startsWith("refused"))
      rejected.push({ index, code: "source_unknown", message: "No configured source holds this image." });
    else if (item.id.endsWith(".svg")) rejected.push(passedThrough(index));
    else for (const key of variantsOf(item)) take(api, run, key, counts);
  }
  run.accepted += counts.accepted;
  const answer = { run: id, ...counts, existing: 0, rejected, rejectedTotal: rejected.length, repeat: false };
  if (call.key !== null) answers.set(call.key, { hash, body: answer });
  return { status: 202, body: answer };
}

function passedThrough(index: number) {
  return { index, code: "media_type_unsupported", message: "Originals with this extension are passed through." };
}

function variantsOf({ id, transforms }: { id: string; transforms?: string[] }): string[] {
  return (transforms ?? ["w=400&f=webp", "w=800&f=webp"]).map((transform) => `${id}?${transform}`);
}

function take(api: FakeControlApi, run: FakeRun, key: string, counts: { accepted: number; duplicates: number }): void {
  counts[api.jobs.has(key) ? "duplicates" : "accepted"] += 1;
  api.jobs.set(key, (api.jobs.get(key) ?? 0) + 1);
  run.keys.add(key);
}

function dryRun(api: FakeControlApi, items: { id: string }[]): Answer {
  const rejected = items.flatMap(({ id }, index) => (id.endsWith(".svg") ? [passedThrough(index)] : []));
  const keys = items.filter(({ id }) => !id.endsWith(".svg")).flatMap(variantsOf);
  const known = keys.filter((key) => api.jobs.has(key)).length;
  const base = { dryRun: true, images: items.length, variants: keys.length, existing: known, duplicates: 0 };
  const rest = {
    jobs: keys.length - known,
    downloadBytes: null,
    sampled: 0,
    exact: true,
    price: "unknown",
    rejected,
    rejectedTotal: rejected.length,
  };
  return { status: 200, body: { ...base, ...rest } };
}

function runOf(api: FakeControlApi, call: Received, id: string): Answer {
  const run = api.runs.get(id);
  if (run === undefined) return problem(404, "not_found", "There is no such run.");
  if (call.method === "DELETE") run.cancelled = true;
  return { status: call.method === "DELETE" ? 202 : 200, body: viewOf(api, run) };
}

function viewOf(api: FakeControlApi, run: FakeRun) {
  const states: Record<string, number> = {
    queued: 0,
    processing: 0,
    retrying: 0,
    stored: 0,
    dead: 0,
    refused: 0,
    cancelled: 0,
  };
  for (const key of run.keys) {
    const state = api.stateOf(key);
    states[state] = (states[state] ?? 0) + 1;
  }
  const done = (states.stored ?? 0) + (states.dead ?? 0) + (states.cancelled ?? 0);
  const times = { createdAt: 1, updatedAt: 2, endedAt: null, timeToReady: { p50: 800, p95: 1900 } };
  const state = run.cancelled ? "cancelled" : done === run.keys.size ? "done" : "running";
  const base = { run: run.run, label: run.label, lane: "bulk", state, total: run.keys.size, done, states };
  return {
    ...base,
    accepted: run.accepted,
    duplicates: 0,
    existing: api.existing,
    ratePerSecond: 3.5,
    etaSeconds: null,
    ...times,
  };
}

/** `a?w=400&q=high&f=webp` as R2 names it: `a/400-high.webp`. */
function keyOfJob(job: string): string {
  const [id = "", query = ""] = job.split("?");
  const { w, q = "high", f } = Object.fromEntries(new URLSearchParams(query));
  return `${encodeURIComponent(id)}/${w}-${q}.${f}`;
}

function infos(api: FakeControlApi, ids: string[]): Answer {
  const images = ids.flatMap((id) => {
    const info = api.infoOf(id);
    return info === null ? [] : [{ id, type: "image/jpeg", bytes: null, frames: 1, version: null, ...info }];
  });
  return { status: 200, body: { images, unknown: ids.filter((id) => api.infoOf(id) === null) } };
}

/** An image's stored variants, two a page. */
function imageOf(api: FakeControlApi, id: string, cursor: string | null): Answer {
  const keys = api.storedOf(id);
  const from = Number(cursor ?? "0");
  const variants = keys
    .slice(from, from + 2)
    .map((key) => ({ key, state: "stored", width: 10_000, height: 10_000, error: null }));
  return { status: 200, body: { id, variants, nextCursor: from + 2 < keys.length ? String(from + 2) : null } };
}

function jobs(api: FakeControlApi, url: URL): Answer {
  const limit = Number(url.searchParams.get("limit"));
  const from = Number(url.searchParams.get("cursor") ?? "0");
  const page = [...api.jobs.keys()].slice(from, from + limit).map((key) => ({
    job: createHash("sha256").update(key).digest("hex").slice(0, 16),
    key,
    state: api.stateOf(key),
    lane: "bulk",
    attempts: 1,
    error: api.stateOf(key) === "dead" ? { code: "upstream_failed", message: "It failed." } : null,
  }));
  return { status: 200, body: { jobs: page, nextCursor: from + limit < api.jobs.size ? String(from + limit) : null } };
}

/** Looks at the store in two parts, with the same findings in each. */
function doctor(api: FakeControlApi, call: Received): Answer {
  if (call.method === "GET") {
    const last = { objects: 22_000_000, tookMs: 219_600_000, endedAt: Date.UTC(2026, 10, 20, 8) };
    const endsAt = Date.UTC(2026, 10, 29, 21, 30);
    const walk = {
      walking: true,
      startedAt: 0,
      looked: 1_500_000,
      expected: 22_000_000,
      endsAt,
      restsUntil: null,
      last,
    };
    return { status: 200, body: walk };
  }
  const { cursor } = JSON.parse(call.body);
  return { status: 200, body: { findings: api.findings, nextCursor: cursor === "" ? "second" : null } };
}

function stats(): Answer {
  const states = { queued: 0, processing: 0, retrying: 0, stored: 12, dead: 0, refused: 0, cancelled: 0 };
  const health = { level: "ok", sentence: "Healthy: nothing waits.", since: null };
  const idle = { perSecond: null, secondsLeft: null, why: null, jobsLeft: 0, amountLeft: null };
  const pace = { all: idle, live: idle, upload: idle, bulk: idle };
  const gate = { rate: { perSecond: 20, burst: 20 } };
  const budget = { monthlyJobs: 100, warmingShare: 0.8, left: { live: 50, warming: 3 } };
  const forecast = { per1000Jobs: null };
  return {
    status: 200,
    body: { health, pace, gate, budget, forecast, lanes: { live: states, upload: states, bulk: states } },
  };
}

function action(api: FakeControlApi, call: Received): Answer {
  const dead = [...api.jobs.keys()].filter((key) => api.stateOf(key) === "dead").length;
  if (call.method === "GET")
    return { status: 200, body: { action: "act_1", state: "done", total: dead, done: dead, skipped: 0 } };
  const { action: kind, dryRun: preview } = JSON.parse(call.body);
  if (preview === true) return { status: 200, body: { dryRun: true, kind, total: dead, exact: true } };
  return { status: 202, body: { action: "act_1", kind, state: "running", total: dead, done: 0, skipped: 0 } };
}
