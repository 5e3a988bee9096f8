import { z } from "@hono/zod-openapi";
import { ACTS } from "@prewarm/shared/acts";
import { AppError } from "@prewarm/shared/errors";
import { deleteCookie, setCookie } from "hono/cookie";
import { byToken, type Caller, cookieName, issueCookie, SESSION_SECONDS } from "./access/caller.ts";
import { wrongToken } from "./access/guard.ts";
import type { ApiDeps } from "./deps.ts";
import { asking, open, viewer } from "./endpoint.ts";
import { answer, jsonBody, refusal, refusals, time } from "./schema-words.ts";

const sessionView = z
  .object({
    role: z.enum(["viewer", "operator"]),
    who: z.string(),
    may: z.array(z.enum(ACTS)).openapi({ description: "Acts that the server lets it do" }),
    by: z.enum(["token", "cookie", "access"]),
    expiresAt: time.nullable(),
    environment: z.string(),
    edgeUrl: z.string().openapi({ description: "Where images are served; empty when not configured" }),
    recipes: z.array(z.string()).openapi({ description: "Names of recipes that can be warmed" }),
  })
  .openapi("Session");

const signIn = z.strictObject({ token: z.string().min(1).max(512) }).openapi("SignIn");

/** The dashboard's sign-in. */
export const session = [
  open(
    {
      method: "post",
      path: "/api/v1/session",
      tags: ["session"],
      summary: "Sign in with a token; sets an HttpOnly, SameSite=Strict cookie",
      request: { body: jsonBody(signIn) },
      responses: { 200: answer(sessionView, "Signed in"), ...refusals, 429: refusal("Too many tries") },
    },
    async (c, deps) => {
      if (deps.adminTokens.length === 0)
        throw new AppError("not_configured", { detail: "ADMIN_TOKEN is not set: nobody can sign in." });
      const site = c.req.header("Sec-Fetch-Site");
      // Another site must not sign a browser in under a token of its choice.
      if (site !== undefined && site !== "same-origin")
        throw new AppError("forbidden", { detail: "Sign in from the dashboard itself." });
      const { token } = c.req.valid("json");
      const caller = await tryToken(token, c.req.header("CF-Connecting-IP") ?? null, deps);
      const { value, expiresAt } = await issueCookie(token, deps.clock.now());
      setCookie(c, cookieName(c.req.url), value, { ...cookieFor(c.req.url), maxAge: SESSION_SECONDS });
      return c.json(sessionAnswer({ ...caller, by: "cookie", expiresAt }, deps), 200);
    },
  ),
  asking(
    {
      method: "get",
      path: "/api/v1/session",
      tags: ["session"],
      summary: "Who am I",
      responses: {
        200: answer(sessionView, "The session"),
        204: { description: "Nobody: no token, and no session" },
        ...refusals,
      },
    },
    (c, deps) => c.json(sessionAnswer(c.get("caller"), deps), 200),
  ),
  viewer(
    {
      method: "delete",
      path: "/api/v1/session",
      tags: ["session"],
      summary: "Sign out",
      responses: { 204: { description: "Signed out" }, ...refusals },
    },
    async (c, { ledger }) => {
      const { session, expiresAt } = c.get("caller");
      // The cookie itself may have been copied: it is the session that ends.
      if (session !== null && expiresAt !== null) await ledger.endSession(session, expiresAt);
      deleteCookie(c, cookieName(c.req.url), cookieFor(c.req.url));
      return c.body(null, 204);
    },
  ),
];

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
  return { role, who, may: [...may], by, expiresAt, environment, edgeUrl, recipes: Object.keys(config.recipes) };
}

/** Browsers drop a Secure cookie on plain http, which the local stack speaks. */
function cookieFor(url: string) {
  return { path: "/", httpOnly: true, sameSite: "Strict", secure: url.startsWith("https:") } as const;
}
