import { ApiError } from "@prewarm/shared/api-errors";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { deleteCookie, setCookie } from "hono/cookie";
import { byToken, type Caller, cookieName, issueCookie, SESSION_SECONDS } from "./access/caller.ts";
import { wrongToken } from "./access/guard.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";

/** The dashboard's sign-in. */
export const session = {
  "POST /api/v1/session": async ({ body: { token }, c }, deps) => {
    if (deps.adminTokens.length === 0)
      throw new ApiError("not_configured", { detail: "ADMIN_TOKEN is not set: nobody can sign in." });
    const site = c.req.header("Sec-Fetch-Site");
    // Another site must not sign a browser in under a token of its choice.
    if (site !== undefined && site !== "same-origin")
      throw new ApiError("forbidden", { detail: "Sign in from the dashboard itself." });
    const caller = await tryToken(token, c.req.header("CF-Connecting-IP") ?? null, deps);
    const { value, expiresAt } = await issueCookie(token, deps.clock.now());
    setCookie(c, cookieName(c.req.url), value, { ...cookieFor(c.req.url), maxAge: SESSION_SECONDS });
    return sessionAnswer({ ...caller, by: "cookie", expiresAt }, deps);
  },
  // The guard has answered 204 to a caller without any proof.
  "GET /api/v1/session": ({ caller }, deps) => ({ status: 200, body: sessionAnswer(caller, deps) }),
  "DELETE /api/v1/session": async ({ caller: { session, expiresAt }, c }, { ledger }) => {
    // The cookie itself may have been copied: it is the session that ends.
    if (session !== null && expiresAt !== null) await ledger.endSession(session, expiresAt);
    deleteCookie(c, cookieName(c.req.url), cookieFor(c.req.url));
    return null;
  },
} satisfies Resource;

/** Whom a token stands for. Only wrong ones are counted: nobody can keep a right one out. */
async function tryToken(token: string, address: string | null, deps: ApiDeps): Promise<Caller> {
  const caller = await byToken(token, deps);
  if (caller !== null) {
    deps.wrongTokens.forgive(address);
    return caller;
  }
  throw wrongToken(address, deps);
}

function sessionAnswer({ role, who, may, by, expiresAt }: Caller, { environment, edgeUrl, config }: ApiDeps) {
  return { role, who, may: [...may], by, expiresAt, environment, edgeUrl, recipes: Object.keys(recipesOf(config)) };
}

/** Browsers drop a Secure cookie on plain http, which the local stack speaks. */
function cookieFor(url: string) {
  return { path: "/", httpOnly: true, sameSite: "Strict", secure: url.startsWith("https:") } as const;
}
