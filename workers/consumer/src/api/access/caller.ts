import { ACTS, type Act, isAct, namedToken } from "@prewarm/shared/acts";
import { fromBase64, toBase64Url } from "../../platform/base64.ts";
import { indexOfSecret } from "../../platform/secret-equality.ts";

/** Who calls, as the guard found out. */
export interface Caller {
  role: "viewer" | "operator";
  /** For the audit log: `operator token 1`, the name that stands before the token, or an e-mail address. Never a secret. */
  who: string;
  /** What it may do besides looking. */
  may: readonly Act[];
  by: "token" | "cookie" | "access";
  /** Unix ms; null: as long as the token lives. */
  expiresAt: number | null;
  /** Names the dashboard's session; null: there is none. It is no secret. */
  session: string | null;
}

export interface Tokens {
  adminTokens: readonly string[];
  viewerTokens: readonly string[];
}

/** All tokens with what each stands for; operators first. */
function tokenList({
  adminTokens,
  viewerTokens,
}: Tokens): (Pick<Caller, "role" | "who" | "may"> & { token: string })[] {
  const listed = (entries: readonly string[], role: Caller["role"]) =>
    entries.flatMap((entry, index) => {
      const named = namedToken(entry);
      if (named === null) return [];
      const { name, token, acts } = named;
      const may = role === "viewer" ? [] : (acts?.filter(isAct) ?? ACTS);
      return [{ token, role, may, who: name ?? `${role} token ${index + 1}` }];
    });
  return [...listed(adminTokens, "operator"), ...listed(viewerTokens, "viewer")];
}

/** Whom a token stands for. */
export async function byToken(token: string, known: Tokens): Promise<Caller | null> {
  const tokens = tokenList(known);
  const index = await indexOfSecret(
    token,
    tokens.map((one) => one.token),
  );
  const found = tokens[index];
  if (found === undefined) return null;
  const { role, who, may } = found;
  return { role, who, may, by: "token", expiresAt: null, session: null };
}

/** On https the browser itself sees to it that no other host, path or plain connection sets this cookie. */
export function cookieName(url: string): string {
  return url.startsWith("https:") ? "__Host-prewarm_session" : "prewarm_session";
}

/** A working day; then one signs in again. */
export const SESSION_SECONDS = 12 * 3600;

const HMAC = { name: "HMAC", hash: "SHA-256" };
const encoder = new TextEncoder();

/*
 * The cookie is `<expiry in Unix seconds>.<session>.<HMAC>`, under a key that the signing token yields. So it holds no secret and ends for
 * everybody when its token is taken out of rotation. The session's name is random; the ledger keeps those that were signed out.
 */
async function cookieKey(token: string): Promise<CryptoKey> {
  const root = await crypto.subtle.importKey("raw", encoder.encode(token), HMAC, false, ["sign"]);
  const derived = await crypto.subtle.sign(HMAC, root, encoder.encode("prewarm session cookie, version 2"));
  return crypto.subtle.importKey("raw", derived, HMAC, false, ["sign", "verify"]);
}

/** The cookie's value for a session under this token. */
export async function issueCookie(token: string, nowMs: number): Promise<{ value: string; expiresAt: number }> {
  const expiry = Math.floor(nowMs / 1000) + SESSION_SECONDS;
  const said = `${expiry}.${crypto.randomUUID()}`;
  const signature = await crypto.subtle.sign(HMAC, await cookieKey(token), encoder.encode(said));
  return { value: `${said}.${toBase64Url(new Uint8Array(signature))}`, expiresAt: expiry * 1000 };
}

/** Whose session it is, or null when it is expired, forged, or of a token that is no more. Whether it was signed out the ledger knows. */
export async function readCookie(value: string, tokens: Tokens, nowMs: number): Promise<Caller | null> {
  const parts = /^(\d{1,12})\.([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/.exec(value);
  const signature = fromBase64(parts?.[3] ?? "");
  if (parts === null || signature === null) return null;
  const session = parts[2] ?? "";
  const text = encoder.encode(`${parts[1]}.${session}`);
  const expiresAt = Number(parts[1]) * 1000;
  let caller: Caller | null = null;
  for (const { token, role, who, may } of tokenList(tokens)) {
    const valid = await crypto.subtle.verify(HMAC, await cookieKey(token), signature, text);
    if (valid && caller === null) caller = { role, who, may, by: "cookie", expiresAt, session };
  }
  return expiresAt > nowMs ? caller : null;
}
