import type { Access } from "@prewarm/control-schema/call";
import { ACTS, isAct } from "@prewarm/shared/acts";
import { beforeAll, describe, expect, it } from "vitest";
import { toBase64Url } from "../../platform/base64.ts";
import { ENDPOINTS } from "../create-api.ts";
import { ADMIN, type ApiWorld, createApiWorld, HOOK_SECRET, START, VIEWER, warm } from "../testing/api-world.ts";

/* Every path × every method × every proof: who is let in, and that nothing but the table decides it. */

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const READING = ["GET", "HEAD", "OPTIONS"];
const team = "https://example.cloudflareaccess.com";
const access = { aud: "app-1", team, operators: ["boss@example.com"] };
const SAME = { "Sec-Fetch-Site": "same-origin" };
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

let keys: CryptoKeyPair;
beforeAll(async () => {
  keys = (await crypto.subtle.generateKey(RSA, true, ["sign", "verify"])) as CryptoKeyPair;
});

const part = (value: unknown) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

async function jwt(email: string): Promise<string> {
  const claims = { iss: team, aud: ["app-1"], exp: START / 1000 + 60, email };
  const text = `${part({ alg: "RS256", kid: "k1" })}.${part(claims)}`;
  const signature = await crypto.subtle.sign(RSA.name, keys.privateKey, new TextEncoder().encode(text));
  return `${text}.${toBase64Url(new Uint8Array(signature))}`;
}

async function session(world: ApiWorld, token: string): Promise<string> {
  const answer = await world.call("POST", "/api/v1/session", { token: null, body: { token } });
  return (answer.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
}

type Role = "nobody" | "viewer" | "operator";
type Headers = Record<string, string>;

const bearer = (token: string) => async (): Promise<Headers> => ({ Authorization: `Bearer ${token}` });
const assertion = (email: string) => async (): Promise<Headers> => ({
  "Cf-Access-Jwt-Assertion": await jwt(email),
  ...SAME,
});

/** What a request proves itself by, and who that is. `mayWrite`: false where a browser could be another site's. */
const PROOFS: [what: string, Role, headers: (world: ApiWorld) => Promise<Headers>, mayWrite?: false][] = [
  ["nothing", "nobody", async () => ({})],
  ["a wrong token", "nobody", bearer("not-a-token")],
  ["an empty token", "nobody", async () => ({ Authorization: "Bearer " })],
  ["the right token as a password", "nobody", async () => ({ Authorization: `Basic ${btoa(`admin:${ADMIN}`)}` })],
  ["a viewer's token", "viewer", bearer(VIEWER)],
  ["an operator's token", "operator", bearer(ADMIN)],
  ["a hook's secret", "nobody", bearer(HOOK_SECRET)],
  ["a viewer's session", "viewer", async (world) => ({ Cookie: await session(world, VIEWER), ...SAME })],
  ["an operator's session", "operator", async (world) => ({ Cookie: await session(world, ADMIN), ...SAME })],
  [
    "an operator's session, from another site",
    "operator",
    async (world) => ({ Cookie: await session(world, ADMIN), "Sec-Fetch-Site": "cross-site" }),
    false,
  ],
  [
    "a session that was signed out",
    "nobody",
    async (world) => {
      const Cookie = await session(world, ADMIN);
      await world.call("DELETE", "/api/v1/session", { token: null, headers: { Cookie, ...SAME } });
      return { Cookie, ...SAME };
    },
  ],
  [
    "a made-up session",
    "nobody",
    async () => ({ Cookie: `__Host-prewarm_session=operator.${"A".repeat(43)}`, ...SAME }),
  ],
  ["Access, as an operator", "operator", assertion("boss@example.com")],
  ["Access, as anybody else", "viewer", assertion("clerk@example.com")],
  [
    "a made-up word of Access",
    "nobody",
    async () => ({
      "Cf-Access-Jwt-Assertion": `${part({ alg: "none" })}.${part({ aud: ["app-1"], email: "boss@example.com" })}.`,
      ...SAME,
    }),
  ],
];

const params: Record<string, string> = { job: "0123456789a", id: "photo", name: "uploads" };
const paths = [...new Set(ENDPOINTS.map(({ route }) => route.path)), "/api/v1/secret", "/api", "/nothing"];

/** What the table says of a call: the role it needs, or that there is none. A HEAD is a GET without its body. */
function neededFor(method: string, path: string): Access | "none" {
  const asked = method === "HEAD" ? "get" : method.toLowerCase();
  const endpoint = ENDPOINTS.find(({ route }) => route.path === path && route.method === asked);
  return endpoint?.access ?? "none";
}

/** Whether anybody may know what a path takes. */
function isPublic(path: string): boolean {
  const all = ENDPOINTS.filter(({ route }) => route.path === path);
  return all.length > 0 && all.every(({ access }) => access === "public" || access === "anybody");
}

/** The statuses that a refusal may have; null: it is let in. */
function refusal(needed: string, role: Role, isWriteFromElsewhere: boolean): number[] | null {
  if (needed === "public" || needed === "anybody") return null;
  // After many wrong tokens from one network it is told to wait.
  if (role === "nobody") return needed === "asking" ? [204, 401, 429] : [401, 429];
  if (role === "viewer" && needed !== "viewer" && needed !== "asking") return [403];
  return isWriteFromElsewhere ? [403] : null;
}

describe("whoever comes with", () => {
  it.each(PROOFS)("%s is %s on every path, by every method", async (_what, role, headersOf, mayWrite) => {
    const certs = async () =>
      Response.json({ keys: [{ ...(await crypto.subtle.exportKey("jwk", keys.publicKey)), kid: "k1" }] });
    const world = createApiWorld({}, { access, fetch: certs as typeof fetch });
    const wrong: string[] = [];
    let calls = 0;
    const known = await headersOf(world);
    // Signing out comes last: it would end the proof.
    for (const path of paths.toSorted((a, b) => Number(a.endsWith("/session")) - Number(b.endsWith("/session"))))
      for (const method of METHODS) {
        const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => params[name] ?? "none");
        const needed = neededFor(method, path);
        const headers = path.endsWith("/session") ? await headersOf(world) : known;
        const { status } = await world.call(method, filled, { token: null, headers });
        // Where a token opens more, a wrong one is refused.
        if (needed === "anybody" && role === "nobody" && "Authorization" in headers) {
          if (![401, 429].includes(status)) wrong.push(`${method} ${path}: ${status} to a wrong token`);
          calls += 1;
          continue;
        }
        const elsewhere = mayWrite === false && !READING.slice(0, 2).includes(method);
        const expected = isPublic(path) ? null : refusal(needed, role, elsewhere);
        const isHook = path.startsWith("/hooks/");
        const isSignIn = path.endsWith("/session") && method === "POST";
        const isLetIn = ![401, 403, 429].includes(status) || isHook || isSignIn;
        if (status >= 500 || (expected === null ? !isLetIn : !expected.includes(status)))
          wrong.push(`${method} ${path}: ${status}`);
        if (expected === null && needed === "none" && ![404, 405].includes(status))
          wrong.push(`${method} ${path}: ${status}, there is no such call`);
        calls += 1;
      }
    expect(wrong).toEqual([]);
    expect(calls).toBe(paths.length * METHODS.length);
  });
});

describe("a backup's token", () => {
  it("exports the ledger, and puts it back to no earlier time", async () => {
    const world = createApiWorld({}, { adminTokens: [ADMIN, "backup[copy]:backup-token"] });
    const ask = async (method: string, path: string, body?: string) =>
      (await world.call(method, path, { token: "backup-token", ...(body === undefined ? {} : { body }) })).status;
    expect(await ask("GET", "/api/v1/ledger/export")).toBe(200);
    expect(await ask("POST", "/api/v1/ledger/restore", '{"bookmark":"b"}')).toBe(403);
  });
});

describe("a token for one act", () => {
  it.each(ACTS)("%s looks at everything, does this, and is refused every other act", async (act) => {
    const token = "a-token-of-one-act";
    const world = createApiWorld({}, { adminTokens: [ADMIN, `oncall[${act}]:${token}`] });
    const wrong: string[] = [];
    for (const { route, access: needed } of ENDPOINTS) {
      const path = route.path.replace(/\{([^}]+)\}/g, (_, name: string) => params[name] ?? "none");
      const { status } = await world.call(route.method.toUpperCase(), path, { token });
      const isRefused = status === 403;
      if (isRefused !== (isAct(needed) && needed !== act)) wrong.push(`${route.method} ${route.path}: ${status}`);
    }
    const body = async (method: string, path: string, sent: object) =>
      (await world.json(method, path, { token, body: sent })).status !== 403;
    const done = {
      retry: await body("POST", "/api/v1/actions", { action: "retry", filter: {}, dryRun: true }),
      cancel: await body("POST", "/api/v1/actions", { action: "cancel", filter: {}, dryRun: true }),
      promote: await body("PATCH", "/api/v1/runs/run_1", { first: true }),
      pause: await body("PATCH", "/api/v1/gate", { paused: { bulk: true } }),
      limits: await body("PATCH", "/api/v1/gate", { rate: 5 }),
    };
    expect(done).toEqual(Object.fromEntries(Object.keys(done).map((one) => [one, one === act])));
    for (const mixed of [
      { paused: { bulk: true }, concurrency: 3 },
      { breaker: { state: "closed" }, budget: {} },
      { undo: 1 },
    ])
      expect(await body("PATCH", "/api/v1/gate", mixed)).toBe(false);
    expect(wrong).toEqual([]);
  });

  it("keeps to it in a session, says what it may, and gets no act by a word that is none", async () => {
    const world = createApiWorld({}, { adminTokens: [ADMIN, "anna[retry+everything+]:anna-token"] });
    const signedIn = await world.json("POST", "/api/v1/session", { token: null, body: { token: "anna-token" } });
    expect(signedIn.body).toMatchObject({ role: "operator", who: "anna", may: ["retry"] });
    const headers = { Cookie: await session(world, "anna-token"), ...SAME };
    const purge = await world.json("DELETE", "/api/v1/images/photo", { token: null, headers });
    expect([purge.status, purge.body.detail]).toEqual([403, "This token may retry, and not purge."]);
    // What stands before the colon is no part of the token.
    const whole = await world.call("GET", "/api/v1/gate", { token: "anna[retry+everything+]:anna-token" });
    expect(whole.status).toBe(401);
  });

  it("that retries cannot stop what another cancels", async () => {
    const world = createApiWorld({}, { adminTokens: [ADMIN, "anna[retry]:anna-token"] });
    await warm(world, ["a"]);
    const made = await world.json("POST", "/api/v1/actions", {
      body: { action: "cancel", filter: {}, all: true, rate: 1 },
    });
    const stop = () => world.call("DELETE", `/api/v1/actions/${made.body.action}`, { token: "anna-token" });
    expect([made.status, (await stop()).status]).toEqual([202, 403]);
  });
});
