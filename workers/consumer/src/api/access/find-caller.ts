import { indexOfSecret } from "../../platform/secret-equality.ts";
import type { ApiDeps } from "../deps.ts";
import { ACCESS_HEADER, type AccessVerifier } from "./access-jwt.ts";
import { type Caller, tokenList } from "./caller.ts";
import { COOKIE, readCookie } from "./session-cookie.ts";

/** What the platform says of Access on the execution context, where it does. */
export interface AccessContext {
  aud: string;
  getIdentity(): Promise<{ email?: string | undefined } | null | undefined>;
}

/** Who calls: by bearer token, else by the dashboard's cookie, else by Cloudflare Access. Null: nobody we know. */
export async function findCaller(
  request: Request,
  deps: Pick<ApiDeps, "adminTokens" | "viewerTokens" | "access" | "clock">,
  access: { verifier: AccessVerifier | null; context: AccessContext | undefined },
): Promise<Caller | null> {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  // A wrong token is refused even with a good cookie beside it: what was said counts, not what happens to be there.
  if (request.headers.has("Authorization")) return byToken(bearer ?? "", deps);
  const cookie = readCookieHeader(request.headers.get("Cookie") ?? "");
  const caller = cookie === null ? null : await readCookie(cookie, deps, deps.clock.now());
  return caller ?? byAccess(request, deps, access);
}

/** Whom a token stands for. */
export async function byToken(
  token: string,
  deps: Pick<ApiDeps, "adminTokens" | "viewerTokens">,
): Promise<Caller | null> {
  const tokens = tokenList(deps);
  const found =
    tokens[
      await indexOfSecret(
        token,
        tokens.map((one) => one.token),
      )
    ];
  return found === undefined ? null : { role: found.role, who: found.who, by: "token", expiresAt: null };
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
  return { role: isOperator ? "operator" : "viewer", who, by: "access", expiresAt: null };
}

function readCookieHeader(header: string): string | null {
  const parts = header.split(";").map((part) => part.trim());
  const found = parts.find((part) => part.startsWith(`${COOKIE}=`));
  return found === undefined ? null : found.slice(COOKIE.length + 1);
}
