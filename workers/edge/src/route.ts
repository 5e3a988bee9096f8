import { AppError } from "@prewarm/shared/errors";
import { STAGED_PATH } from "@prewarm/shared/signature";
import { countView } from "./count-view.ts";
import { serveOther } from "./hit/serve-other.ts";
import { serveVariant } from "./hit/serve-variant.ts";
import { INFO_PATH, serveInfo } from "./info.ts";
import { answerMiss } from "./miss/answer-miss.ts";
import { passThrough } from "./miss/pass-through.ts";
import { ORIGINALS_PATH, serveOriginal, serveStaged } from "./originals.ts";
import { checkSignature, needsSignature } from "./request/check-signature.ts";
import { originalOf } from "./request/original.ts";
import { IMAGES_PATH, mayNegotiate, readTarget } from "./request/target.ts";
import { type Background, createRequestContext, type Edge, type RequestContext } from "./request-context.ts";
import { BASE_HEADERS, METHODS, preflight, problem } from "./respond.ts";

/** Answers every request to the edge Worker. Never throws. */
export async function route(request: Request, edge: Edge, background: Background): Promise<Response> {
  const { method } = request;
  const start = edge.clock.now();
  try {
    if (method === "GET" || method === "HEAD") return await serve(request, edge, background);
    if (method === "OPTIONS") return preflight();
    throw new AppError("method_not_allowed", { allowed: METHODS.split(", ") });
  } catch (error) {
    const refusal = refuse(request, known(error, edge), edge.clock.now() - start);
    if (method === "GET" && URL.parse(request.url)?.pathname.startsWith(IMAGES_PATH)) countView(edge, refusal, null);
    return refusal;
  }
}

/** Answers with a refusal. It is decided before cache and store are asked, hence `bypass`. */
function refuse(request: Request, error: AppError, tookMs: number): Response {
  const headers: Record<string, string> = {
    "Cache-Status": `edge; fwd=bypass; detail=${error.code}`,
    "Server-Timing": `edge;dur=${tookMs}`,
  };
  if (error.code === "method_not_allowed") headers.Allow = METHODS;
  const query = URL.parse(request.url)?.searchParams;
  if (query !== undefined && mayNegotiate(query)) headers.Vary = "Accept";
  return problem(error, request.method, headers);
}

async function serve(request: Request, edge: Edge, background: Background): Promise<Response> {
  const address = request.url;
  const cached = edge.targetCache.get(address);
  if (cached !== undefined) return serveImage(createRequestContext(cached, request, edge, background));
  const url = URL.parse(address);
  // A request line such as `GET //`.
  if (url === null) throw new AppError("not_found");
  if (url.pathname.startsWith(ORIGINALS_PATH)) return serveOriginal(request, url, edge, background);
  if (url.pathname.startsWith(STAGED_PATH)) return serveStaged(request, url, edge, background);
  if (url.pathname.startsWith(INFO_PATH)) return serveInfo(request, url, edge, background);
  if (url.pathname === "/healthz") return healthz(request.method);
  if (!url.pathname.startsWith(IMAGES_PATH)) throw new AppError("not_found", { detail: oldUrlDetail(url.pathname) });
  const query = url.searchParams;
  const read = readTarget(url, query, request.headers, edge.config);
  const signed = needsSignature(read, query, edge);
  const target = { ...read, signed };
  if (signed) await checkSignature(target, query, edge);
  else if (!target.negotiated) edge.targetCache.keep(address, target);
  return serveImage(createRequestContext(target, request, edge, background));
}

async function serveImage(context: RequestContext): Promise<Response> {
  const response = await answerImage(context);
  if (context.method === "GET") countView(context.edge, response, context);
  return response;
}

async function answerImage(context: RequestContext): Promise<Response> {
  try {
    if (context.target.passThrough) return await passThrough(context);
    const own = await serveVariant(context);
    if (own instanceof Response) return own;
    const other = await serveOther(context, own);
    return other instanceof Response ? other : await answerMiss(other);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // A bug of ours must not break somebody's page: the original is still there.
    reportBug(error, context.edge);
    return answerMiss({ context, original: originalOf(context), known: "unavailable" });
  }
}

function known(error: unknown, edge: Edge): AppError {
  if (error instanceof AppError) return error;
  reportBug(error, edge);
  return new AppError("internal");
}

function reportBug(error: unknown, edge: Edge): void {
  edge.log("edge.bug", { message: String(error) });
}

/** Parts of paths by which the URLs of other services are known. */
const OLD_URL = /\/(wp-content|_ipx|_next\/image|\.netlify\/images|image\/upload|cdn-cgi\/image|cdn\/shop|tr:)/;

/** Names the setting that lets this Worker read a path of another service. Undefined: the path looks like none. */
function oldUrlDetail(path: string): string | undefined {
  const part = OLD_URL.exec(path)?.[0];
  return part && `"${part}" is of another service: see legacy in docs/moving-from.md.`;
}

/** Whether this Worker runs; it asks nothing of its bindings, without which it still serves redirects. */
function healthz(method: string): Response {
  const headers = { ...BASE_HEADERS, "Cache-Control": "no-store", "Content-Type": "application/json" };
  return new Response(method === "HEAD" ? null : '{"ok":true}', { headers });
}
