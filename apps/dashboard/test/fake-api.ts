import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ACTS, type Act } from "@prewarm/shared/acts";
import {
  actionAt,
  auditAt,
  causes,
  costs,
  dead,
  eventPage,
  HOSTILE,
  hooks,
  image,
  jobAt,
  jobDetail,
  runAt,
  serving,
  sites,
} from "./fixtures.ts";
import { gate, history, pulse, stats } from "./fixtures-stats.ts";

/*
 * A control API with the document's shapes and no ledger behind it: for faces a real stack is hard to bring to (hostile strings, a
 * server that fails) and for working on the page. It serves the built page under the `_headers` the platform would set.
 */

export interface FakeApi {
  url: string;
  /** `busy`, `empty`, `failing`, `hostile` or `silent`, which answers who is signed in and nothing else; may change at any time. */
  mode: string;
  role: "viewer" | "operator" | null;
  /** Acts of an operator who may not do all. */
  may: readonly Act[];
  /** The most jobs that match: axe looks at each cell of each row, and rows repeat. */
  rowsMax: number;
  /** Every request that came: `GET /api/v1/stats`. */
  seen: string[];
  close(): Promise<void>;
}

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const JOBS = 480;

export async function startFakeApi(): Promise<FakeApi> {
  const api: FakeApi = {
    url: "",
    mode: "busy",
    role: "operator",
    may: ACTS,
    rowsMax: JOBS,
    seen: [],
    close: async () => {},
  };
  const server = createServer((request, response) => {
    answer(api, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  api.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return api;
}

async function answer(api: FakeApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", api.url);
  if (url.pathname === "/readyz") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: "ready", version: null }));
    return;
  }
  if (!url.pathname.startsWith("/api/")) return serveFile(url.pathname, response);
  api.seen.push(`${request.method} ${url.pathname}${url.search}`);
  const body = await readBody(request);
  const send = (status: number, value: unknown) => {
    response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
    response.end(status === 204 ? "" : JSON.stringify(value));
  };
  const refuse = (status: number, code: string, detail: string) =>
    send(status, { type: "about:blank", title: detail, status, code, detail });
  if (url.pathname === "/api/v1/session" && request.method === "POST") {
    if (!body.includes("local-")) return refuse(401, "unauthorized", "The proof of origin is missing or not valid.");
    api.role = body.includes("viewer") ? "viewer" : "operator";
  }
  if (api.role === null && url.pathname === "/api/v1/session" && request.method === "GET") return send(204, null);
  if (api.role === null) return refuse(401, "unauthorized", "Sign in.");
  if (api.mode === "failing" && !url.pathname.endsWith("/session"))
    return refuse(503, "unavailable", "The ledger does not answer.");
  if (api.mode === "silent" && !url.pathname.endsWith("/session")) return;
  if (request.method !== "GET" && api.role === "viewer" && !url.pathname.endsWith("/session"))
    return refuse(403, "forbidden", "Your role does not allow this.");
  const [status, value] = route(api, request.method ?? "GET", url, body);
  return status >= 400 ? refuse(status, "not_found", String(value)) : send(status, value);
}

function route(api: FakeApi, method: string, url: URL, body: string): [status: number, value: unknown] {
  const hostile = api.mode === "hostile";
  const [, , , kind, id, verb] = url.pathname.split("/").map(decodeURIComponent);
  const picture = `${api.url}/icon.svg`;
  const empty = api.mode === "empty";
  switch (`${method} ${kind}${id === undefined ? "" : "/*"}${verb ? `/${verb}` : ""}`) {
    case "GET session":
    case "POST session":
      return [
        200,
        {
          role: api.role,
          who: `${api.role} token 1`,
          may: api.role === "operator" ? api.may : [],
          by: "cookie",
          expiresAt: null,
          environment: stats(api.mode).environment,
          edgeUrl: api.url,
          recipes: ["upload", "social"],
        },
      ];
    case "DELETE session":
      api.role = null;
      return [204, null];
    case "GET stats":
      return [200, stats(api.mode)];
    case "GET pulse":
      return [200, pulse(api.mode)];
    case "GET history":
      return [200, history(api.mode, (url.searchParams.get("tier") ?? "minute") as "minute")];
    case "GET gate":
    case "PATCH gate":
      return [200, patched(gate(api.mode), body)];
    case "GET jobs":
      return [200, empty ? { jobs: [], nextCursor: null } : jobPage(url, hostile, api.rowsMax)];
    case "GET jobs/*":
      return Number.parseInt(id ?? "", 36) < JOBS
        ? [200, jobDetail(Number.parseInt(id ?? "", 36), hostile, picture)]
        : [404, "Not found."];
    case "POST jobs/*/retry":
    case "POST jobs/*/cancel":
      return [
        202,
        { ...jobAt(Number.parseInt(id ?? "", 36), hostile), state: verb === "retry" ? "queued" : "cancelled" },
      ];
    case "GET runs":
      return [
        200,
        { runs: empty ? [] : Array.from({ length: 9 }, (_, index) => runAt(index, hostile)), nextCursor: null },
      ];
    case "GET runs/*":
    case "DELETE runs/*":
      return [200, runAt(Number(/\d+/.exec(id ?? "")?.[0] ?? 0), hostile)];
    case "GET causes":
      return [200, causes(api.mode)];
    case "GET runs/*/rejected":
      return [200, { rejected: [{ index: 4, id: "../up", code: "id_invalid", message: "No." }], nextCursor: null }];
    case "GET serving":
      return [200, serving(api.mode)];
    case "GET costs":
      return [200, costs(api.mode, url.searchParams)];
    case "GET sites":
      return [200, sites(api.mode)];
    case "GET images":
      return [
        200,
        {
          images: empty
            ? []
            : Array.from({ length: 9 }, (_, index) => ({
                id: hostile ? `${HOSTILE}${index}` : `photos/2026/boat-${index}`,
                ...{ stored: 6, bytes: 412_004, storedAt: Date.now() - 60_000, failed: index, jobs: 6 + index },
              })),
        },
      ];
    case "GET hooks":
      return [200, hooks(api.mode)];
    case "GET events":
      return [200, eventPage(api.mode)];
    case "POST events/*":
      return [202, { endpoints: 1 }];
    case "POST doctor":
      return [200, { findings: [], nextCursor: null }];
    case "GET thumbs/*":
      return [404, "Nothing of it is stored."];
    case "GET dead":
      return [
        200,
        empty
          ? { total: 0, groups: [], jobs: [], messages: [], nextCursor: null }
          : dead(hostile, url.searchParams.get("fingerprint") ?? undefined),
      ];
    case "GET actions":
      return [200, { actions: empty ? [] : [actionAt(0), actionAt(1)], nextCursor: null }];
    case "POST actions":
      return body.includes('"dryRun":true')
        ? [200, { dryRun: true, kind: JSON.parse(body).action, total: 241, exact: true }]
        : [202, actionAt(0)];
    case "GET actions/*":
      return [200, actionAt(id === "act_0" ? 0 : 1)];
    case "DELETE actions/*":
      return [200, { ...actionAt(0), state: "cancelled" }];
    case "GET images/*":
      return [200, image(id ?? "", api.mode, picture)];
    case "DELETE images/*":
      return [202, { id, purge: "p1", state: "purging" }];
    case "GET audit":
      return [
        200,
        { entries: empty ? [] : Array.from({ length: 12 }, (_, index) => auditAt(index, hostile)), nextCursor: null },
      ];
    case "POST warm":
      return url.searchParams.get("dryRun") === "1"
        ? [200, dryRun(body)]
        : [
            202,
            { run: "run_0", accepted: 12, duplicates: 0, existing: 0, rejected: [], rejectedTotal: 0, repeat: false },
          ];
    default:
      return [404, "Not found."];
  }
}

function patched(now: ReturnType<typeof gate>, body: string) {
  const change = body ? (JSON.parse(body) as { paused?: Partial<typeof now.paused>; undo?: number }) : {};
  return { ...now, paused: { ...now.paused, ...change.paused }, undo: change.undo === undefined ? now.undo : null };
}

function jobPage(url: URL, hostile: boolean, rowsMax: number) {
  const states = url.searchParams.getAll("state");
  const limit = Number(url.searchParams.get("limit") ?? 50);
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const search = (url.searchParams.get("search") ?? "").replace(/^\w+:/, "");
  const all = Array.from({ length: JOBS }, (_, index) => jobAt(index, hostile));
  const some = all
    .filter((job) => (states.length === 0 || states.includes(job.state)) && JSON.stringify(job).includes(search))
    .slice(0, rowsMax);
  return { jobs: some.slice(from, from + limit), nextCursor: from + limit < some.length ? String(from + limit) : null };
}

function dryRun(body: string) {
  const items = (JSON.parse(body || "{}") as { items?: { transforms?: string[] }[] }).items ?? [];
  const variants = items.reduce((sum, item) => sum + (item.transforms?.length ?? 6), 0);
  return {
    dryRun: true,
    images: items.length,
    variants,
    existing: 0,
    duplicates: 0,
    jobs: variants,
    downloadBytes: variants * 412_000,
    sampled: Math.min(items.length, 20),
    exact: true,
    price: { amount: variants * 0.002, per1000Jobs: 2 },
    rejected: [],
    rejectedTotal: 0,
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function serveFile(path: string, response: ServerResponse): Promise<void> {
  const file = existsSync(join(DIST, path)) && extname(path) ? path : "/index.html";
  const lines = (await readFile(join(DIST, "_headers"), "utf8")).split("\n");
  const everywhere = lines.slice(1, lines.indexOf("")).map(
    (line) =>
      line
        .trim()
        .split(/: (.*)/s)
        .slice(0, 2) as [string, string],
  );
  response.writeHead(200, {
    ...Object.fromEntries(everywhere),
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
  });
  response.end(await readFile(join(DIST, file)));
}

if (import.meta.main) {
  const api = await startFakeApi();
  api.mode = process.argv[2] ?? "busy";
  console.log(`${api.url} (${api.mode})`);
}
