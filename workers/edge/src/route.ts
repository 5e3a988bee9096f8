import { AppError, type ErrorCode } from "@prewarm/shared/errors";
import { isPassThrough } from "@prewarm/shared/source";
import { IMAGES_PATH, mayNegotiate, readAsk } from "./ask.ts";
import type { Background, Edge } from "./edge.ts";
import { answerMiss } from "./miss.ts";
import { ORIGINALS_PATH, serveOriginal } from "./originals.ts";
import { passThrough } from "./pass-through.ts";
import { needsProof, prove } from "./prove.ts";
import { BASE_HEADERS, methodNotAllowed, preflight, problem } from "./respond.ts";
import { serveVariant } from "./serve-variant.ts";
import { startVisit } from "./visit.ts";

/** The name our own reads of originals carry in `Via`. */
const PIPELINE = /\bprewarm\b/i;

/** Answers every request to the edge Worker. Never throws. */
export async function route(request: Request, edge: Edge, background: Background): Promise<Response> {
  const url = new URL(request.url);
  const serve = handlerOf(url.pathname);
  const start = edge.clock.now();
  if (serve === null) return problem(new AppError("not_found"), request.method, refusal("not_found", 0));
  if (request.method === "OPTIONS") return preflight();
  if (request.method !== "GET" && request.method !== "HEAD") {
    return methodNotAllowed(request.method, refusal("method_not_allowed", 0));
  }
  try {
    return await serve(request, url, edge, background);
  } catch (error) {
    const refused = known(error, edge);
    const vary: Record<string, string> = mayNegotiate(url.searchParams) ? { Vary: "Accept" } : {};
    return problem(refused, request.method, { ...refusal(refused.code, edge.clock.now() - start), ...vary });
  }
}

/** Refusals are the edge's own, whatever cache and store may hold. */
function refusal(code: ErrorCode, tookMs: number): Record<string, string> {
  return { "Cache-Status": `edge; fwd=bypass; detail=${code}`, "Server-Timing": `edge;dur=${tookMs}` };
}

type Handler = (request: Request, url: URL, edge: Edge, background: Background) => Promise<Response>;

function handlerOf(path: string): Handler | null {
  if (path.startsWith(IMAGES_PATH)) return serveImage;
  if (path.startsWith(ORIGINALS_PATH)) return serveOriginal;
  return path === "/healthz" ? healthz : null;
}

async function serveImage(request: Request, url: URL, edge: Edge, background: Background): Promise<Response> {
  const via = request.headers.get("Via");
  if (via !== null && PIPELINE.test(via)) {
    throw new AppError("not_found", {
      detail: "The pipeline asked the edge for an original: a source must not be the edge's own route.",
    });
  }
  const ask = readAsk(request, url, edge.config);
  if (needsProof(ask, edge)) await prove(ask, edge);
  const visit = startVisit(ask, edge, background);
  if (isPassThrough(edge.config, ask.id)) return passThrough(visit);
  try {
    return await serveVariant(visit);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // A bug of ours is no reason to break somebody's page: the original is still there.
    reportBug(error, edge);
    return answerMiss(visit, "unavailable");
  }
}

function known(error: unknown, edge: Edge): AppError {
  if (error instanceof AppError) return error;
  reportBug(error, edge);
  return new AppError("internal");
}

function reportBug(error: unknown, edge: Edge): void {
  edge.log("edge.bug", { message: error instanceof Error ? error.message : String(error) });
}

/** Whether this Worker runs; it asks nothing of its bindings, without which it still serves redirects. */
async function healthz(request: Request): Promise<Response> {
  const headers = { ...BASE_HEADERS, "Cache-Control": "no-store", "Content-Type": "application/json" };
  return new Response(request.method === "HEAD" ? null : '{"ok":true}', { headers });
}
