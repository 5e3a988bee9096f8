import { AppError } from "@prewarm/shared/errors";
import type { Caller } from "../access/caller.ts";
import { byToken } from "../access/find-caller.ts";
import { cookieHeader, issueCookie } from "../access/session-cookie.ts";
import type { Registrar } from "../registrar.ts";
import { closeSessionRoute, getSessionRoute, openSessionRoute } from "../schemas/session.ts";

/** The dashboard's sign-in. */
export const registerSession: Registrar = (app, deps) => {
  const { ledger, clock, environment, edgeUrl } = deps;
  const answer = ({ role, who, by, expiresAt }: Caller) => ({ role, who, by, expiresAt, environment, edgeUrl });

  app.openapi(openSessionRoute, async (c) => {
    if (deps.adminTokens.length === 0)
      throw new AppError("not_configured", { detail: "ADMIN_TOKEN is not set: nobody can sign in." });
    const site = c.req.header("Sec-Fetch-Site");
    // Another site must not sign a browser in under a token of its choice.
    if (site !== undefined && site !== "same-origin")
      throw new AppError("forbidden", { detail: "Sign in from the dashboard itself." });
    // Counted before the token is looked at: a right guess is limited like a wrong one.
    const address = c.req.header("CF-Connecting-IP") ?? "unknown";
    const wait = await ledger.takeSignInTry(address);
    if (wait > 0) throw new AppError("too_many_requests", { retryAfterSeconds: wait });
    const { token } = c.req.valid("json");
    const caller = await byToken(token, deps);
    if (caller === null)
      throw new AppError("unauthorized", { detail: "Give a valid token as `Authorization: Bearer …`, or sign in." });
    await ledger.forgiveSignIns(address);
    const { value, expiresAt } = await issueCookie(token, clock.now());
    c.header("Set-Cookie", cookieHeader(value, isSecure(c.req.url)));
    return c.json(answer({ ...caller, by: "cookie", expiresAt }), 200);
  });
  app.openapi(getSessionRoute, (c) => c.json(answer(c.get("caller")), 200));
  app.openapi(closeSessionRoute, (c) => {
    c.header("Set-Cookie", cookieHeader("", isSecure(c.req.url)));
    return c.body(null, 204);
  });
};

function isSecure(url: string): boolean {
  return url.startsWith("https:");
}
