import { AppError } from "@prewarm/shared/errors";
import { parseId } from "@prewarm/shared/image-id";
import { publicInfo } from "@prewarm/shared/image-info";
import { readParameters } from "@prewarm/shared/parameters";
import { verify } from "@prewarm/shared/signature";
import { resolveOriginal } from "@prewarm/shared/source";
import { readNote } from "./note.ts";
import { signatureRequired } from "./request/check-signature.ts";
import type { Background, Edge } from "./request-context.ts";
import { BASE_HEADERS } from "./respond.ts";
import { withTimeLimit } from "./time-limit.ts";

export const INFO_PATH = "/info/";

/** Widths are added while variants are made, so that nobody keeps this for long. */
const KEPT_SECONDS = 60;

/**
 * Serves what is known of an image as JSON. Nothing is asked for or made. Signed where every URL is, and for private originals, of which a
 * stranger must not even learn that they exist. Throws `id_invalid`, `not_found`, `parameter_unknown`, `parameter_repeated`,
 * `signature_required` and `unavailable`.
 */
export async function serveInfo(request: Request, url: URL, edge: Edge, background: Background): Promise<Response> {
  const { config } = edge;
  const id = parseId(url.pathname.slice(INFO_PATH.length));
  const original = resolveOriginal(config, id);
  const isPrivate = original?.kind === "bucket" && original.hidden;
  const given = readParameters(url.searchParams, ["exp", "s"], config.noise);
  const signed = config.access === "private" || isPrivate || given.size > 0;
  if (signed) {
    const now = Math.floor(edge.clock.now() / 1000);
    const verdict = await verify(url.pathname, url.searchParams, edge.keys, config, now);
    if (verdict !== "ok") throw signatureRequired();
  }
  if (original === null) throw new AppError("not_found");
  const waitMs = config.limits.edgeBudgetMs;
  const changes = edge.changes.read({ origin: url.origin, background, waitMs });
  const read = await withTimeLimit(() => readNote(edge, id, changes), waitMs);
  if (!read.ok) throw new AppError("unavailable");
  if (read.value === null || read.value === "removed") throw new AppError("not_found");
  const headers = {
    ...BASE_HEADERS,
    "Cache-Control": `${signed ? "private" : "public"}, max-age=${KEPT_SECONDS}`,
    "Content-Type": "application/json",
  };
  return new Response(request.method === "HEAD" ? null : JSON.stringify(publicInfo(id, read.value)), { headers });
}
