import { AppError } from "@prewarm/shared/errors";
import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "../api-env.ts";
import type { ApiDeps } from "../deps.ts";
import { AccessVerifier } from "./access-jwt.ts";
import { type AccessContext, findCaller } from "./find-caller.ts";
import { accessOf } from "./route-access.ts";

const READING = new Set(["GET", "HEAD"]);

/** Lets through whom the route table lets through, and tells the routes who it is. Every refusal of proof looks alike. */
export function guard(deps: ApiDeps): MiddlewareHandler<ApiEnv> {
  const { access } = deps;
  const verifier =
    access !== null && access.team !== null ? new AccessVerifier({ ...access, team: access.team }, deps.fetch) : null;
  return async (c, next) => {
    const needed = accessOf(c.req.method, c.req.path);
    if (needed === "public") return next();
    if (deps.adminTokens.length === 0) {
      throw new AppError("not_configured", {
        detail: "ADMIN_TOKEN is not set: the control API is closed. Set the secret and try again.",
      });
    }
    const caller = await findCaller(c.req.raw, deps, { verifier, context: accessContext(c) });
    if (caller === null)
      throw new AppError("unauthorized", { detail: "Give a valid token as `Authorization: Bearer …`, or sign in." });
    if (needed === "operator" && caller.role !== "operator") throw new AppError("forbidden");
    if (!READING.has(c.req.method) && caller.by !== "token") checkSameOrigin(c.req.header("Sec-Fetch-Site"));
    c.set("caller", caller);
    return next();
  };
}

/** A browser sends its cookie with whatever page it is on; only our own may write. */
export function checkSameOrigin(site: string | undefined): void {
  if (site !== "same-origin") {
    throw new AppError("forbidden", {
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
