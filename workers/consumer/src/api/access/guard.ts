import type { Access } from "@prewarm/control-schema/call";
import { ACTS, type Act, isAct } from "@prewarm/shared/acts";
import { ApiError } from "@prewarm/shared/api-errors";
import type { AppError } from "@prewarm/shared/errors";
import type { MiddlewareHandler } from "hono";
import { parse as parseCookies } from "hono/utils/cookie";
import { LedgerUnavailable } from "../../ledger/ledger-unavailable.ts";
import type { ApiDeps } from "../deps.ts";
import type { ApiEnv } from "../endpoint.ts";
import { ACCESS_HEADER, AccessVerifier } from "./access-jwt.ts";
import { byToken, type Caller, cookieName, readCookie } from "./caller.ts";

const READING = new Set(["GET", "HEAD"]);

/**
 * Makes the middleware in front of a call: it refuses callers below the needed role and sets `caller` for the handler. A missing and a
 * wrong proof get the same answer.
 */
export function createGuard({ access, fetch }: ApiDeps): (needed: Access) => MiddlewareHandler<ApiEnv> {
  const verifier =
    access !== null && access.team !== null ? new AccessVerifier({ ...access, team: access.team }, fetch) : null;
  return (needed) => async (c, next) => {
    if (needed === "public") return next();
    const deps = c.get("deps");
    const find = () => findCaller(c.req.raw, deps, { verifier, context: accessContext(c) });
    if (needed === "anybody") {
      const known = await callerIfAny(c.req.raw, find, deps);
      if (known !== null) c.set("caller", known);
      return next();
    }
    if (deps.adminTokens.length === 0) {
      throw new ApiError("not_configured", {
        detail: "ADMIN_TOKEN is not set: the control API is closed. Set the secret and try again.",
      });
    }
    const caller = await find();
    if (caller === null && needed === "asking" && !c.req.raw.headers.has("Authorization")) return c.body(null, 204);
    if (caller === null)
      throw c.req.raw.headers.has("Authorization")
        ? wrongToken(c.req.header("CF-Connecting-IP") ?? null, deps)
        : unauthorized();
    if (needed === "operator" && caller.role !== "operator") throw new ApiError("forbidden");
    if (isAct(needed)) demand(caller, needed);
    if (!READING.has(c.req.method) && caller.by !== "token") checkSameOrigin(c.req.header("Sec-Fetch-Site"));
    c.set("caller", caller);
    return next();
  };
}

/**
 * The caller of a call that is anybody's. A wrong token is refused and counted here too, or this call would tell which token is right. While no
 * token is set, or while the ledger cannot say whether a session is over, the caller is a stranger.
 */
async function callerIfAny(
  request: Request,
  find: () => Promise<Caller | null>,
  deps: ApiDeps,
): Promise<Caller | null> {
  if (deps.adminTokens.length === 0) return null;
  const caller = await find().catch((error: unknown) => {
    if (error instanceof LedgerUnavailable) return null;
    throw error;
  });
  if (caller === null && request.headers.has("Authorization"))
    throw wrongToken(request.headers.get("CF-Connecting-IP"), deps);
  return caller;
}

/** Refuses an act that the caller may not do. */
export function demand({ role, may }: Caller, act: Act): void {
  if (may.includes(act)) return;
  const detail = `This token may ${may.length > 0 ? may.join(", ") : "look"}, and not ${act}.`;
  throw new ApiError("forbidden", role === "viewer" ? {} : { detail });
}

/** Counts a wrong token: `too_many_requests` when many came from where this one comes from, else `unauthorized`. */
export function wrongToken(address: string | null, { wrongTokens, clock }: ApiDeps): AppError {
  const wait = wrongTokens.count(address, clock.now());
  return wait > 0 ? new ApiError("too_many_requests", { retryAfterSeconds: wait }) : unauthorized();
}

function unauthorized(): AppError {
  return new ApiError("unauthorized", { detail: "Give a valid token as `Authorization: Bearer …`, or sign in." });
}

/** A browser sends its cookie with requests of every page. Only our own pages may write. */
function checkSameOrigin(site: string | undefined): void {
  if (site !== "same-origin") {
    throw new ApiError("forbidden", {
      detail: "A browser may write from the dashboard's own page only (Sec-Fetch-Site: same-origin).",
    });
  }
}

function accessContext(c: { executionCtx: unknown }): AccessContext | undefined {
  try {
    return (c.executionCtx as { access?: AccessContext }).access;
  } catch {
    return undefined; // Hono throws where there is no execution context, as in tests.
  }
}

/** What the platform says of Access on the execution context, where it does. */
export interface AccessContext {
  aud: string;
  getIdentity(): Promise<{ email?: string | undefined } | null | undefined>;
}

/** Who calls: by bearer token, else by the dashboard's cookie, else by Cloudflare Access. Null: unknown. */
export async function findCaller(
  request: Request,
  deps: Pick<ApiDeps, "adminTokens" | "viewerTokens" | "access" | "clock"> & {
    ledger: Pick<ApiDeps["ledger"], "isSessionOver">;
  },
  access: { verifier: AccessVerifier | null; context: AccessContext | undefined },
): Promise<Caller | null> {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  // A wrong token is refused even beside a valid cookie: the caller chose to prove itself by the token.
  if (request.headers.has("Authorization")) return byToken(bearer ?? "", deps);
  const name = cookieName(request.url);
  const cookie = parseCookies(request.headers.get("Cookie") ?? "", name)[name];
  const caller = cookie === undefined ? null : await readCookie(cookie, deps, deps.clock.now());
  const over = caller?.session ? await deps.ledger.isSessionOver(caller.session) : false;
  return (over ? null : caller) ?? byAccess(request, deps, access);
}

async function byAccess(
  request: Request,
  { access: settings, clock }: Pick<ApiDeps, "access" | "clock">,
  { verifier, context }: { verifier: AccessVerifier | null; context: AccessContext | undefined },
): Promise<Caller | null> {
  if (settings === null) return null;
  const jwt = request.headers.get(ACCESS_HEADER);
  let who: string | null = null;
  if (context?.aud === settings.aud) who = (await context.getIdentity())?.email ?? "access";
  else if (jwt !== null && verifier !== null) who = await verifier.verify(jwt, clock.now());
  if (who === null) return null;
  const isOperator = settings.operators.some((one) => one === "*" || one.toLowerCase() === who.toLowerCase());
  return {
    ...(isOperator ? { role: "operator" as const, may: ACTS } : { role: "viewer" as const, may: [] }),
    who,
    by: "access" as const,
    expiresAt: null,
    session: null,
  };
}
