import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "../../dev/listen.ts";
import type { Chance } from "../world/chance.ts";
import { type CallFault, type Faults, type ResultFault, shufflePage } from "./faults.ts";
import { type JobOrder, type MockJob, MockJobs, showJob } from "./mock-jobs.ts";
import { ORIGINAL, type Originals } from "./originals.ts";
import { drawCode } from "./picture-code.ts";

const LATE_MS = { least: 4_000, most: 10_000 };
const HTML = "<!doctype html><title>Error</title><h1>Something went wrong</h1>";

/** An Ittybit that the storm can look into: API and results on one port. */
export interface MockIttybit {
  url: string;
  jobs: MockJobs;
  /** Every result answers 403 for so long. */
  refuseResultsFor(ms: number): void;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export async function startMockIttybit(deps: {
  chance: Chance;
  faults: Faults;
  originals: Originals;
}): Promise<MockIttybit> {
  const jobs = new MockJobs(deps);
  const mock = { ...deps, jobs, url: "", refusesUntil: 0 };
  const server = createServer((request, response) => {
    const work = request.url?.startsWith("/results/")
      ? sendResult(mock, request, response)
      : answerCall(mock, request, response);
    work.catch((error) => {
      console.error(`the mock of Ittybit failed: ${error}`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 65_000;
  mock.url = `http://localhost:${await listen(server, 0)}`;
  return {
    url: mock.url,
    jobs,
    refuseResultsFor(ms) {
      mock.refusesUntil = Date.now() + ms;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Mock = Parameters<typeof startMockIttybit>[0] & { jobs: MockJobs; url: string; refusesUntil: number };

async function answerCall(mock: Mock, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fault: CallFault | null = mock.faults.ofCall();
  const text = await textOf(request);
  // A 500 may have made the job, or not: half of them each.
  if (fault === "500" && mock.chance.hits(0.5))
    return sendJson(response, { status: 500, body: { kind: "internal_error", message: "it failed" } });
  const answer = answerOf(mock, request, text);
  if (fault === "500")
    return sendJson(response, { status: 500, body: { kind: "internal_error", message: "it failed" } });
  if (fault === "answer lost") return void request.socket.destroy();
  if (fault === "answer late") await later(mock.chance.between(LATE_MS.least, LATE_MS.most));
  sendJson(response, answer);
}

function answerOf(mock: Mock, request: IncomingMessage, text: string): Answer {
  const { pathname, searchParams } = new URL(request.url ?? "/", mock.url);
  if (request.method === "POST" && pathname === "/jobs") {
    const { job, isNew } = mock.jobs.make(JSON.parse(text) as JobOrder, String(request.headers["idempotency-key"]));
    return { status: isNew ? 201 : 200, body: showJob(job, mock.url) };
  }
  if (pathname === "/jobs") return listOf(mock, searchParams);
  const job = mock.jobs.get(decodeURIComponent(pathname.slice("/jobs/".length)));
  if (job === undefined) return { status: 404, body: { kind: "job_not_found", message: "no such job" } };
  return { status: 200, body: showJob(job, mock.url) };
}

function listOf(mock: Mock, query: URLSearchParams): Answer {
  const limit = Number(query.get("limit") ?? 20);
  const order = query.get("order") ?? "desc";
  const page = mock.jobs.page({ after: query.get("after"), input: query.get("input"), order, limit });
  if (page === null) return { status: 400, body: { kind: "request_invalid", message: "no such cursor" } };
  const jobs = mock.faults.shuffles() ? shufflePage(page.jobs, mock.chance) : page.jobs;
  const last = page.jobs.at(-1)?.id ?? "";
  const next = new URLSearchParams({ limit: String(limit), order, after: last });
  const headers: Record<string, string> = { "has-more": String(page.hasMore), limit: String(limit) };
  if (page.hasMore) headers.link = `<${mock.url}/jobs?${next}>; rel="next"`;
  return { status: 200, body: jobs.map((job) => showJob(job, mock.url)), headers };
}

async function sendResult(mock: Mock, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const job = mock.jobs.byNumber(Number((request.url ?? "").slice("/results/".length)));
  if (job === undefined) return void response.writeHead(404).end();
  if (Date.now() < mock.refusesUntil) return void response.writeHead(403).end("<Error/>");
  const fault = mock.faults.ofResult();
  const bytes = await pictureOf(job);
  const type = { "content-type": `image/${job.options.format}`, "content-length": bytes.length };
  if (fault === null || fault === "wrong type") job.handedOut += 1;
  sendBytes(response, bytes, type, fault);
}

function sendBytes(
  response: ServerResponse,
  bytes: Buffer,
  type: Record<string, string | number>,
  fault: ResultFault | null,
): void {
  switch (fault) {
    case "500":
    case "403":
      return void response.writeHead(Number(fault)).end("<Error/>");
    case "html":
      return void response.writeHead(200, { "content-type": "text/html" }).end(HTML);
    case "wrong type":
      return void response.writeHead(200, { ...type, "content-type": "application/octet-stream" }).end(bytes);
    case "truncated":
      return void response
        .writeHead(200, { "content-type": String(type["content-type"]) })
        .end(bytes.subarray(0, bytes.length >> 1));
    case "connection lost":
      response.writeHead(200, type);
      return void response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
    case null:
      return void response.writeHead(200, type).end(bytes);
    default:
      fault satisfies never;
  }
}

/** Pictures are drawn when they are fetched: nothing of 20,000 is kept. */
function pictureOf({ image, version, n, options }: MockJob): Promise<Buffer> {
  const {
    width = options.height === undefined ? ORIGINAL.width : (options.height * ORIGINAL.width) / ORIGINAL.height,
  } = options;
  const { height = (width * ORIGINAL.height) / ORIGINAL.width } = options;
  const size = { width: Math.round(width), height: Math.max(1, Math.round(height)) };
  return drawCode({ image, version, job: n }, { ...size, format: options.format });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function sendJson(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
