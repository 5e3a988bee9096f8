import { AppError } from "@prewarm/shared/errors";
import type { Original } from "@prewarm/shared/source";
import { isNotShown, originalLocation } from "../request/original.ts";
import type { Miss, MissDetail, RequestContext } from "../request-context.ts";
import { type CommonFields, commonHeaders, NO_STORE, problem, redirect } from "../respond.ts";
import { askOnce } from "./ask-once.ts";
import { placeholder } from "./placeholder.ts";
import { streamOriginal, wantsCors } from "./stream-original.ts";

/**
 * Asks for the variant, unless it is known why not. Then answers with the stand-in if there is one, else without a
 * variant.
 */
export async function answerMiss({ context, original, known, isKnown = false, standIn }: Miss): Promise<Response> {
  const { target, method, edge } = context;
  const detail = known ?? (await askOnce(context, original, isKnown));
  if (standIn !== undefined) return standIn;
  const isPrivate = isSecret(context, original);
  const fields = missFields(context, isPrivate ? null : said(detail));
  const refuse = (code: "removed" | "original_missing") =>
    problem(new AppError(code), method, commonHeaders(fields, "no-store"));
  if (detail === "removed" && !isPrivate) {
    const { removedUrl } = edge.config;
    return removedUrl === "" ? refuse(detail) : redirect(removedUrl, commonHeaders(fields, NO_STORE));
  }
  if (detail === "missing" && original.kind === "bucket" && !isPrivate) return refuse("original_missing");
  if (detail === UNSHOWABLE || isNotShown(original, target.id, edge)) return placeholder(method, fields);
  const streamed =
    original.kind === "url" && wantsCors(context) ? await streamOriginal(context, original.url, fields) : null;
  return streamed ?? redirect(await originalLocation(context, original), commonHeaders(fields, NO_STORE));
}

/** `detail` null: detail and times are left out, because they would show whether the original exists. */
function missFields({ target, timing }: RequestContext, detail: string | null): CommonFields {
  return {
    cacheStatus: `edge; fwd=uri-miss, store; fwd=uri-miss; detail=${detail ?? "private"}`,
    timing: detail === null ? "" : timing(),
    negotiated: target.negotiated,
  };
}

/**
 * Whether the original is hidden and the URL is not signed. Such a viewer must not learn whether the original exists.
 */
function isSecret({ target }: RequestContext, original: Original): boolean {
  return original.kind === "bucket" && original.hidden && !target.signed;
}

/** A dead variant whose original no browser shows, by its bytes. */
const UNSHOWABLE = "dead:unshowable";

/**
 * The detail as the header says it. Null: a HEAD of a variant that a GET would ask for. Foreign codes stay out of the
 * header.
 */
function said(detail: MissDetail | null): string {
  const code = /^dead:([a-z_]{1,40})$/.exec(detail ?? "")?.[1];
  if (code !== undefined) return `dead; reason=${code}`;
  return detail?.startsWith("dead:") ? "dead" : (detail ?? "head");
}
