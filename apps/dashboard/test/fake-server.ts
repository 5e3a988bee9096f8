import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Gate, GatePatch } from "@prewarm/control-schema/gate";
import { Image } from "@prewarm/control-schema/images";
import type { Session } from "@prewarm/control-schema/session";
import {
  type Answers,
  type Asked,
  type FakeControlApi,
  type Received,
  startFakeControlApi,
} from "@prewarm/control-schema/testing/fake-control-api";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { DryRun, WarmAnswer, type WarmItem } from "@prewarm/control-schema/warm";
import type { Lane } from "@prewarm/control-schema/words";
import { ACTS, type Act } from "@prewarm/shared/acts";
import { ApiError } from "@prewarm/shared/api-errors";
import {
  actionAt,
  auditAt,
  causes,
  costs,
  coverage,
  eventPage,
  hooks,
  image,
  imageAt,
  jobAt,
  jobDetail,
  orders,
  removal,
  runAt,
  serving,
} from "./fixtures.ts";
import { emptyGate, emptyStats, gate, history, stats } from "./fixtures-stats.ts";

/*
 * A server with no ledger behind it, for faces that a real stack is hard to bring to: hostile strings, a server that fails. It serves the
 * built page under the `_headers` that the platform would set.
 */

export interface Face {
  /** `silent` answers who is signed in and nothing else. */
  mode: "busy" | "empty" | "failing" | "hostile" | "silent";
  /** null: nobody is signed in. */
  role: "viewer" | "operator" | null;
  /** Acts of an operator who may not do all. */
  may: readonly Act[];
  /** The most jobs that match: axe looks at each cell of each row, and rows repeat. */
  rowsMax: number;
}
export type FakeServer = FakeControlApi & Face;

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const JOBS = 480;

/** Of an empty server these calls answer the least: a list without a row. */
const LISTS = /^GET \/api\/v1\/(jobs|runs|causes|serving|costs|coverage|images|hooks|events|dead|actions|audit)$/;

/** A busy server and an operator who has signed in; all of `Face` may change at any time, but `empty` only by `reset`. */
export async function startFakeServer(face: Partial<Face> = {}): Promise<FakeServer> {
  const server = Object.assign(await startFakeControlApi({ elsewhere }), BUSY);
  server.guard = (request) => refuse(server, request);
  return reset(server, face);
}

/** As it was at the start, with nothing received. */
export function reset(server: FakeServer, face: Partial<Face> = {}): FakeServer {
  server.received.length = 0;
  server.fault = ({ path }) => (server.mode === "silent" && !isOfSession(path) ? "hang" : null);
  const answers = Object.entries(answersOf(server)).filter(([name]) => face.mode !== "empty" || !LISTS.test(name));
  return Object.assign(server, BUSY, face, { answers: Object.fromEntries(answers) });
}

const BUSY: Face = { mode: "busy", role: "operator", may: ACTS, rowsMax: JOBS };

const isOfSession = (path: string): boolean => path === "/api/v1/session";

function refuse({ role, mode }: Face, { method, path, body }: Received): void {
  if (isOfSession(path)) {
    if (method === "POST" && !body.includes("local-")) throw new ApiError("unauthorized");
    return;
  }
  if (role === null) throw new ApiError("unauthorized");
  if (mode === "failing") throw new ApiError("unavailable", { detail: "The ledger does not answer." });
  if (role === "viewer" && method !== "GET") throw new ApiError("forbidden");
}

function answersOf(server: FakeServer): Answers {
  const isHostile = () => server.mode === "hostile";
  const isEmpty = () => server.mode === "empty";
  const gateNow = () => (isEmpty() ? emptyGate() : gate(isHostile()));
  const picture = `${server.url}/icon.svg`;
  const indexOf = (job: string) => Number.parseInt(job, 36);
  return {
    "GET /api/v1/session": () => server.role && session(server, server.role),
    "POST /api/v1/session": ({ body: { token } }) => {
      server.role = token.includes("viewer") ? "viewer" : "operator";
      return session(server, server.role);
    },
    "DELETE /api/v1/session": () => {
      server.role = null;
      return null;
    },
    "GET /api/v1/stats": () => (isEmpty() ? emptyStats() : stats(isHostile())),
    "GET /api/v1/history": ({ query }) => history(isEmpty(), query.tier),
    "GET /api/v1/gate": gateNow,
    "PATCH /api/v1/gate": ({ body }) => patched(gateNow(), body),
    "GET /api/v1/jobs": ({ query }) => jobPage(server, query),
    "GET /api/v1/jobs/{job}": ({ params: { job } }) => {
      if (indexOf(job) < JOBS) return jobDetail(indexOf(job), isHostile(), picture);
      throw new ApiError("not_found");
    },
    "POST /api/v1/jobs/{job}/retry": ({ params }) => {
      return { ...jobAt(indexOf(params.job), isHostile()), state: "queued" };
    },
    "GET /api/v1/runs": ({ query: { state } }) => {
      const runs = times(9, (index) => runAt(index, isHostile()));
      return { runs: state === "open" ? runs.filter(({ endedAt }) => endedAt === null) : runs, nextCursor: null };
    },
    "GET /api/v1/runs/{run}": ({ params }) => runAt(Number(/\d+/.exec(params.run)?.[0] ?? 0), isHostile()),
    "GET /api/v1/runs/{run}/rejected": () => ({
      rejected: [{ index: 4, id: "../up", code: "id_invalid", message: "No." }],
      nextCursor: null,
    }),
    "GET /api/v1/causes": () => causes(isHostile()),
    "GET /api/v1/serving": () => serving(isHostile()),
    "GET /api/v1/costs": ({ query }) => costs(isHostile(), query.by),
    "GET /api/v1/coverage": () => coverage(isHostile()),
    "GET /api/v1/images": () => ({ images: times(9, (index) => imageAt(index, isHostile())) }),
    "GET /api/v1/hooks": () => hooks(isHostile()),
    "GET /api/v1/events": () => eventPage(isHostile()),
    "GET /api/v1/actions": () => ({ actions: [actionAt(0), actionAt(1)], nextCursor: null }),
    "POST /api/v1/actions": ({ body: { action: kind, dryRun } }) =>
      dryRun ? { dryRun, kind, total: 241, exact: true, at: Date.now() } : actionAt(0),
    "GET /api/v1/actions/{action}": ({ params }) => actionAt(params.action === "act_0" ? 0 : 1),
    "GET /api/v1/images/{id}": ({ params: { id } }) =>
      isEmpty() ? { ...leastValue(Image), id } : image(id, isHostile(), picture),
    "GET /api/v1/images/{id}/orders": ({ params: { id } }) => orders(id, isHostile()),
    "GET /api/v1/images/{id}/removal": ({ params: { id } }) => removal(id, isHostile()),
    "GET /api/v1/audit": () => ({ entries: times(12, (index) => auditAt(index, isHostile())), nextCursor: null }),
    "POST /api/v1/warm": ({ query, body }) =>
      query.dryRun ? dryRun(body.items) : { ...leastValue(WarmAnswer), run: "run_0", accepted: 12 },
  };
}

const times = <T>(count: number, at: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => at(index));

function session({ may, mode, url }: FakeServer, role: Session["role"]): Session {
  return {
    role,
    who: `${role} token 1`,
    may: role === "operator" ? [...may] : [],
    by: "cookie",
    expiresAt: null,
    environment: mode === "hostile" ? "production" : "staging",
    edgeUrl: url,
    recipes: ["upload", "social"],
  };
}

function patched(now: Gate, { paused = {}, undo }: GatePatch): Gate {
  const isPaused = (lane: Lane): boolean => Boolean(paused[lane] ?? now.paused[lane]);
  const lanes = { live: isPaused("live"), upload: isPaused("upload"), bulk: isPaused("bulk") };
  return { ...now, paused: lanes, undo: undo === undefined ? now.undo : null };
}

function jobPage(
  server: FakeServer,
  { state, limit, cursor = "0-0---", search = "" }: Asked<"GET /api/v1/jobs">["query"],
) {
  const text = search.replace(/^\w+:/, "");
  const some = times(JOBS, (index) => jobAt(index, server.mode === "hostile"))
    .filter((job) => (state.length === 0 || state.includes(job.state)) && JSON.stringify(job).includes(text))
    .slice(0, server.rowsMax);
  const start = Number(cursor.split("-")[1]);
  const end = start + limit;
  return { jobs: some.slice(start, end), nextCursor: end < some.length ? `0-${end}---` : null };
}

function dryRun(items: WarmItem[]): DryRun {
  const [first = { id: "", recipe: "" }] = items;
  const all = [320, 640, 960, 1440, 1920].map((w) => `w=${w}&q=high&f=avif`);
  const some = first.id.startsWith("cold/") ? [...all, "w=640&q=high&f=webp"] : ["w=1080&q=high&f=jpeg"];
  const variants = items.reduce((sum, item) => sum + (item.transforms?.length ?? 6), 0);
  const jobs = first.recipe === "upload" ? some.length : variants;
  const price = { amount: jobs * 0.002, per1000Jobs: 2 };
  const counts = { images: items.length, variants, jobs, downloadBytes: items.length * 412_000 };
  const missing = first.recipe === "upload" ? some.map((transform) => ({ id: first.id, transform })) : [];
  return { ...leastValue(DryRun), ...counts, missing, sampled: Math.min(items.length, 20), exact: true, price };
}

/** Readiness, pictures, which are all the icon, and files of the built page. */
async function elsewhere(path: string): Promise<Response | null> {
  if (path === "/readyz") return Response.json({ status: "ready", version: null });
  if (path.startsWith("/api/v1/thumbs/")) return elsewhere("/icon.svg");
  if (path.startsWith("/api/")) return null;
  const file = existsSync(join(DIST, path)) && extname(path) ? path : "/index.html";
  const lines = (await readFile(join(DIST, "_headers"), "utf8")).split("\n");
  const everywhere = lines.slice(1, lines.indexOf("")).map((line) => line.trim().split(/: (.*)/s, 2));
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  const headers = { ...Object.fromEntries(everywhere), "content-type": type };
  return new Response(await readFile(join(DIST, file)), { headers });
}
