import { readFileSync } from "node:fs";
import { isAct } from "@prewarm/shared/acts";
import { describe, expect, it } from "vitest";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { createApi, ENDPOINTS } from "./create-api.ts";
import { ADMIN, createApiWorld, VIEWER } from "./testing/api-world.ts";

const PARAMS: Record<string, string> = {
  run: "none",
  job: "0123456789abcdef",
  action: "none",
  id: "photo",
  name: "none",
};
const rows = ENDPOINTS.map(({ route, access }) => ({
  method: route.method.toUpperCase(),
  path: route.path.replace(/\{([^}]+)\}/g, (_, name: string) => PARAMS[name] ?? "x"),
  access,
}));
const guarded = rows.filter(({ access }) => !["public", "anybody", "asking"].includes(access));

describe("every route × every role", () => {
  it.each(guarded)("$method $path refuses nobody in particular with 401", async ({ method, path }) => {
    const { json } = createApiWorld();
    const without = await json(method, path, { token: null });
    const wrong = await json(method, path, { token: "not-a-token" });
    expect(without.status).toBe(401);
    expect(wrong).toEqual({ ...without, body: { ...without.body, requestId: expect.any(String) } });
  });

  it.each(guarded)(
    "$method $path is open to a viewer exactly when the table says so ($access)",
    async ({ method, path, access }) => {
      const { call } = createApiWorld();
      const answer = await call(method, path, { token: VIEWER });
      if (access === "operator" || isAct(access)) expect(answer.status).toBe(403);
      else expect([401, 403]).not.toContain(answer.status);
    },
  );

  it.each(guarded)(
    "$method $path is open to an operator, and to the second token in rotation",
    async ({ method, path }) => {
      const { call } = createApiWorld();
      for (const token of [ADMIN, "admin-token-two"]) {
        expect([401, 403]).not.toContain((await call(method, path, { token })).status);
      }
    },
  );

  it.each(guarded)(
    "$method $path says 503 while ADMIN_TOKEN is not set, even to a viewer",
    async ({ method, path }) => {
      const { json } = createApiWorld({}, { adminTokens: [] });
      const { status, body } = await json(method, path, { token: VIEWER });
      expect(status).toBe(503);
      expect(body.detail).toContain("ADMIN_TOKEN");
    },
  );

  it("leaves no write open to viewers", () => {
    const writes = rows.filter(({ method, access }) => method !== "GET" && access === "viewer");
    // A list of ids is too long for a URL: the first only reads.
    expect(writes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /api/v1/info",
      "DELETE /api/v1/session",
    ]);
  });

  it("closes what the table does not know", async () => {
    const { call } = createApiWorld();
    expect((await call("GET", "/api/v1/secret", { token: null })).status).toBe(401);
    expect((await call("GET", "/api/v1/secret", { token: VIEWER })).status).toBe(403);
    expect((await call("GET", "/api/v1/secret")).status).toBe(404);
    expect((await call("PUT", "/api/v1/gate")).status).toBe(405);
  });
});

describe("the dashboard's session", () => {
  const signIn = (world: ReturnType<typeof createApiWorld>, token: string, headers: Record<string, string> = {}) =>
    world.call("POST", "/api/v1/session", { token: null, body: { token }, headers });
  const cookieOf = (answer: Response) => (answer.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";

  it("gives an HttpOnly, SameSite=Strict, Secure cookie that holds no token", async () => {
    const answer = await signIn(createApiWorld(), ADMIN);
    const header = answer.headers.get("Set-Cookie") ?? "";
    expect(answer.status).toBe(200);
    const attributes = header.split("; ").slice(1);
    expect(attributes).toEqual(["Max-Age=43200", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"]);
    expect(header).toMatch(/^__Host-prewarm_session=/);
    expect(header).not.toContain(ADMIN);
  });

  it("writes by cookie only from the same origin", async () => {
    const world = createApiWorld();
    const Cookie = cookieOf(await signIn(world, ADMIN));
    const patch = (headers: Record<string, string>) =>
      world.call("PATCH", "/api/v1/gate", {
        token: null,
        headers: { Cookie, ...headers },
        body: { paused: { bulk: true } },
      });
    expect((await patch({})).status).toBe(403);
    expect((await patch({ "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect((await patch({ "Sec-Fetch-Site": "same-site" })).status).toBe(403);
    expect((await patch({ "Sec-Fetch-Site": "same-origin" })).status).toBe(200);
  });

  it("keeps a viewer a viewer", async () => {
    const world = createApiWorld();
    const Cookie = cookieOf(await signIn(world, VIEWER));
    const headers = { Cookie, "Sec-Fetch-Site": "same-origin" };
    expect((await world.json("GET", "/api/v1/session", { token: null, headers })).body).toMatchObject({
      role: "viewer",
      by: "cookie",
      recipes: expect.arrayContaining(["upload"]),
    });
    expect((await world.call("PATCH", "/api/v1/gate", { token: null, headers, body: {} })).status).toBe(403);
  });

  it.each([
    [
      "a forged signature",
      (cookie: string) => cookie.replace(/[^.](?=[^.]*$)/, (first) => (first === "A" ? "B" : "A")),
    ],
    ["a later expiry", (cookie: string) => cookie.replace(/=\d+/, (expiry) => `=${Number(expiry.slice(1)) + 1}`)],
    [
      "another session's name",
      (cookie: string) => cookie.replace(/\.[0-9a-f]/, (first) => (first === ".0" ? ".1" : ".0")),
    ],
    ["a cookie that another host could have set", (cookie: string) => cookie.replace("__Host-", "")],
    ["rubbish", () => "__Host-prewarm_session=__proto__"],
  ])("refuses %s", async (_, forge) => {
    const world = createApiWorld();
    const Cookie = forge(cookieOf(await signIn(world, ADMIN)));
    expect((await world.call("GET", "/api/v1/stats", { token: null, headers: { Cookie } })).status).toBe(401);
  });

  it("ends after twelve hours, and with its token", async () => {
    const world = createApiWorld();
    const Cookie = cookieOf(await signIn(world, ADMIN));
    const after = createApiWorld({}, { adminTokens: ["admin-token-two"] });
    expect((await after.call("GET", "/api/v1/stats", { token: null, headers: { Cookie } })).status).toBe(401);
    world.advance(12 * 3_600_000 + 1000);
    expect((await world.call("GET", "/api/v1/stats", { token: null, headers: { Cookie } })).status).toBe(401);
  });

  it("ends at sign-out, also for whoever copied the cookie, and no other session does", async () => {
    const world = createApiWorld();
    const [Cookie, other] = [cookieOf(await signIn(world, ADMIN)), cookieOf(await signIn(world, ADMIN))];
    const see = async (cookie: string) =>
      (await world.call("GET", "/api/v1/audit", { token: null, headers: { Cookie: cookie } })).status;
    expect([await see(Cookie), await see(other)]).toEqual([200, 200]);
    const headers = { Cookie, "Sec-Fetch-Site": "same-origin" };
    expect((await world.call("DELETE", "/api/v1/session", { token: null, headers })).status).toBe(204);
    expect([await see(Cookie), await see(other)]).toEqual([401, 200]);
    world.advance(11 * 3_600_000);
    const patch = { token: null, headers, body: {} };
    expect([await see(Cookie), (await world.call("PATCH", "/api/v1/gate", patch)).status]).toEqual([401, 401]);
  });

  it("is remembered as ended no longer than its cookie lives", async () => {
    const world = createApiWorld();
    const leave = async () => {
      const headers = { Cookie: cookieOf(await signIn(world, ADMIN)), "Sec-Fetch-Site": "same-origin" };
      await world.call("DELETE", "/api/v1/session", { token: null, headers });
    };
    for (let n = 0; n < 5; n += 1) await leave();
    world.advance(12 * 3_600_000 + 1000);
    await leave();
    expect(world.sql.exec("SELECT COUNT(*) AS n FROM sign_ins")).toEqual([{ n: 1 }]);
  });

  it("cannot be opened by another site", async () => {
    expect((await signIn(createApiWorld(), ADMIN, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  });
});

describe("a token with a name", () => {
  const adminTokens = ["anna:annas-token", "bobs:token", "no name: in it"];

  it("is its owner's in the audit log, by bearer and by session; without the name it is not the token", async () => {
    const world = createApiWorld({}, { adminTokens });
    const patch = (headers: Record<string, string>, bulk = true) =>
      world.call("PATCH", "/api/v1/gate", { token: null, headers, body: { paused: { bulk } } });
    expect((await patch({ Authorization: "Bearer annas-token" })).status).toBe(200);
    const signedIn = await world.call("POST", "/api/v1/session", { token: null, body: { token: "token" } });
    const Cookie = (signedIn.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
    expect((await patch({ Cookie, "Sec-Fetch-Site": "same-origin" }, false)).status).toBe(200);
    expect((await patch({ Authorization: "Bearer anna:annas-token" })).status).toBe(401);
    const { body } = await world.json("GET", "/api/v1/audit", { token: "annas-token" });
    expect((body.entries as { who: string }[]).map(({ who }) => who)).toEqual(["bobs", "anna"]);
  });
});

it.each([
  [true, { "CF-Ray": "8f0-FRA" }, 503],
  [true, {}, 200],
  [false, { "CF-Ray": "8f0-FRA" }, 200],
] as const)(
  "a Worker that was told it is local (%s) answers a call with %j by %i",
  async (isLocal, headers, status) => {
    const world = createApiWorld({}, { isLocal });
    for (const path of ["/healthz", "/api/v1/gate"])
      expect((await world.call("GET", path, { headers })).status).toBe(status);
  },
);

describe("wrong tokens", () => {
  const guess = (world: ReturnType<typeof createApiWorld>, address: string, token = "guess") =>
    world.call("GET", "/api/v1/stats", { token, headers: { "CF-Connecting-IP": address } });
  const signIn = (world: ReturnType<typeof createApiWorld>, address: string, token = "guess") =>
    world.call("POST", "/api/v1/session", { token: null, body: { token }, headers: { "CF-Connecting-IP": address } });

  it.each([
    ["as bearers", guess],
    ["at the sign-in", signIn],
  ])("are counted per address, %s: after ten the address is told to wait", async (_, send) => {
    const world = createApiWorld();
    for (let n = 0; n < 10; n += 1) expect((await send(world, "192.0.2.1")).status).toBe(401);
    const limited = await send(world, "192.0.2.1");
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("Retry-After"))).toBe(300);
    expect((await send(world, "192.0.2.2")).status).toBe(401);
    world.advance(301_000);
    expect((await send(world, "192.0.2.1")).status).toBe(401);
  });

  it("of one IPv6 network are one client's, whatever its addresses", async () => {
    const world = createApiWorld();
    for (let n = 0; n < 10; n += 1) await guess(world, `2001:db8:1:2::${n}`);
    expect((await guess(world, "2001:db8:1:2:3:4:5:6")).status).toBe(429);
    expect((await guess(world, "2001:db8:1:3::1")).status).toBe(401);
  });

  it("from 400 addresses keep nobody out who has a right one, the guessers' own address included", async () => {
    const world = createApiWorld();
    for (let n = 0; n < 400; n += 1) {
      await guess(world, `198.51.100.${n % 250}`);
      await signIn(world, `203.0.113.${n % 250}`);
    }
    for (let n = 0; n < 20; n += 1) await signIn(world, "192.0.2.1");
    expect((await signIn(world, "192.0.2.1")).status).toBe(429);
    for (const address of ["192.0.2.1", "192.0.2.9"]) {
      expect((await signIn(world, address, ADMIN)).status).toBe(200);
      expect((await guess(world, address, ADMIN)).status).toBe(200);
    }
  });

  it("cost the ledger no call", async () => {
    const world = createApiWorld();
    const asked: string[] = [];
    world.deps.ledger = new Proxy(world.deps.ledger, {
      get: (ledger, name) => asked.push(String(name)) && Reflect.get(ledger, name),
    });
    for (let n = 0; n < 20; n += 1) {
      await guess(world, "192.0.2.1");
      await signIn(world, "192.0.2.1");
    }
    expect(asked).toEqual([]);
  });
});

describe("every answer", () => {
  it.each([
    ["GET", "/healthz", 200],
    ["GET", "/api/v1/stats", 401],
    ["PUT", "/healthz", 405],
  ])("to %s %s is kept by nobody and runs nothing in a browser", async (method, path, status) => {
    const answer = await createApiWorld().call(method, path, { token: null });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(answer.headers.get("Content-Security-Policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  });
});

describe("plain http", () => {
  /** As it comes to the Worker where a zone does not redirect. */
  async function ask(world: ReturnType<typeof createApiWorld>, method: string, path: string, more: RequestInit = {}) {
    const headers = new Headers({ Authorization: `Bearer ${ADMIN}`, "Content-Type": "application/json" });
    const init = { method, headers, duplex: "half", ...more } as RequestInit;
    return createApi(world.deps).fetch(new Request(`http://control.example.com${path}`, init));
  }

  it.each(rows)("is refused by a deployed Worker before $method $path reads anything", async ({ method, path }) => {
    const world = createApiWorld();
    let pulled = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      pulled += 1;
      controller.enqueue(new TextEncoder().encode(JSON.stringify({ token: ADMIN })));
      controller.close();
    };
    const body = method === "GET" ? {} : { body: new ReadableStream({ pull }, { highWaterMark: 0 }) };
    const answer = await ask(world, method, path, body);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, "https_required"]);
    expect([answer.headers.get("Set-Cookie"), pulled]).toEqual([null, 0]);
  });

  it("cannot try tokens, and opens no session", async () => {
    const world = createApiWorld();
    for (const token of [ADMIN, "wrong"])
      expect((await ask(world, "POST", "/api/v1/session", { body: JSON.stringify({ token }) })).status).toBe(403);
    expect((await ask(world, "GET", "/nothing")).status).toBe(403);
  });

  it("is what the local stack speaks", async () => {
    const world = createApiWorld({}, { isLocal: true });
    const answer = await ask(world, "POST", "/api/v1/session", { body: JSON.stringify({ token: ADMIN }) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Set-Cookie")).toMatch(/^prewarm_session=/);
    expect(answer.headers.get("Strict-Transport-Security")).toBeNull();
  });

  it("is left for good: browsers are told to come by https for a year, on this host and on no other", async () => {
    const year = "max-age=31536000";
    for (const path of ["/healthz", "/api/v1/stats", "/nothing"])
      expect((await createApiWorld().call("GET", path)).headers.get("Strict-Transport-Security")).toBe(year);
    const assets = readFileSync("apps/dashboard/public/_headers", "utf8").split("\n\n")[0];
    expect(assets).toContain(`\n  Strict-Transport-Security: ${year}\n`);
  });
});

describe("public routes", () => {
  it("say that it runs, that it is ready, and what there is", async () => {
    const world = createApiWorld();
    expect((await world.json("GET", "/healthz", { token: null })).body).toEqual({ status: "ok" });
    const ready = {
      status: "ready",
      version: { id: "version-1", tag: "a1b2c3d" },
      ledger: { id: "version-0", tag: "0f0f0f0" },
    };
    expect(await world.json("GET", "/readyz", { token: null })).toEqual({ status: 200, body: ready });
    expect((await world.json("GET", "/openapi.json", { token: null })).body.openapi).toBe("3.1.0");
  });

  it("ask the ledger once a second for all callers", async () => {
    const world = createApiWorld();
    let asked = 0;
    const { about } = world.deps.ledger;
    world.deps.ledger.about = () => {
      asked += 1;
      return about();
    };
    const ask = (path: string) => world.call("GET", path, { token: null });
    await Promise.all(Array.from({ length: 50 }, () => ask("/readyz")));
    expect(asked).toBe(1);
    world.advance(1000);
    await ask("/readyz");
    expect(asked).toBe(2);
  });

  it("answer another method with 405 to anybody, for what is public is no secret", async () => {
    const world = createApiWorld();
    for (const [method, path, allowed] of [
      ["GET", "/hooks/uploads", "POST"],
      ["POST", "/healthz", "GET"],
    ] as const) {
      const { status, body } = await world.json(method, path, { token: null });
      expect([status, body.allowed]).toEqual([405, [allowed]]);
    }
    expect((await world.call("PUT", "/api/v1/gate", { token: null })).status).toBe(401);
  });

  it("are not ready with a faulty configuration; strangers learn how many checks fail, and callers with a token which", async () => {
    const weak = "SIGNING_KEYS: it is shorter than 24 characters and can be guessed";
    const faults = { configFaults: ["ladder: out of order"], environmentFaults: [weak] };
    const { json, logs } = createApiWorld({}, faults);
    const stranger = await json("GET", "/readyz", { token: null });
    expect([stranger.status, stranger.body.failing]).toEqual([503, 2]);
    expect(JSON.stringify(stranger.body)).not.toMatch(/ladder|SIGNING_KEYS|guessed/);
    const reasons = ["config: ladder: out of order", `environment: ${weak}`];
    for (const token of [ADMIN, VIEWER]) {
      const known = await json("GET", "/readyz", { token });
      expect([known.status, known.body.failing, known.body.reasons]).toEqual([503, 2, reasons]);
    }
    // Without any token the operator finds them in the log, once an isolate.
    expect(logs.filter(({ event }) => event === "api.not_ready")).toEqual([
      { event: "api.not_ready", fields: { reasons, requestId: expect.any(String) } },
    ]);
  });

  it("tell reasons to everybody on a developer's machine, where there are no strangers", async () => {
    const { json } = createApiWorld({}, { configFaults: ["ladder: out of order"], isLocal: true });
    const { body } = await json("GET", "/readyz", { token: null });
    expect(body.reasons).toEqual(["config: ladder: out of order"]);
  });

  it("tell reasons to nobody by a wrong token, which is counted as everywhere", async () => {
    const { call } = createApiWorld({}, { configFaults: ["ladder: out of order"] });
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await call("GET", "/readyz", { token: "wrong" })).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  });

  it("say that they are not ready while no token is set, and while the ledger cannot say whose session it is", async () => {
    const without = createApiWorld({}, { adminTokens: [], environmentFaults: ["ADMIN_TOKEN: it is not set"] });
    expect(await without.json("GET", "/readyz", { token: null })).toMatchObject({ status: 503, body: { failing: 1 } });
    const world = createApiWorld();
    const signedIn = await world.call("POST", "/api/v1/session", { token: null, body: { token: ADMIN } });
    const Cookie = (signedIn.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
    const down = () => Promise.reject(new LedgerUnavailable("about", "down"));
    Object.assign(world.deps.ledger, { about: down, isSessionOver: down });
    const answer = await world.json("GET", "/readyz", { token: null, headers: { Cookie } });
    expect(answer).toMatchObject({ status: 503, body: { status: "not ready", failing: 1 } });
  });

  it("keep /metrics to those with a token", async () => {
    const world = createApiWorld();
    expect((await world.call("GET", "/metrics", { token: null })).status).toBe(401);
    const answer = await world.call("GET", "/metrics", { token: VIEWER });
    expect(answer.headers.get("Content-Type")).toContain("version=0.0.4");
    const text = await answer.text();
    expect(text).toContain('prewarm_jobs{lane="live",state="queued"} 0\n');
    expect(text).toContain('prewarm_version_info{part="consumer",id="version-1",tag="a1b2c3d"} 1\n');
    expect(text).toContain('prewarm_version_info{part="ledger",id="version-0",tag="0f0f0f0"} 1\n');
  });
});

it("who asks who it is, and is nobody, is told so without a refusal; a wrong token is one", async () => {
  const world = createApiWorld();
  const ask = async (headers: Record<string, string>) =>
    (await world.call("GET", "/api/v1/session", { token: null, headers })).status;
  expect(await ask({})).toBe(204);
  expect(await ask({ Cookie: "prewarm_session=1.2.3" })).toBe(204);
  expect(await ask({ Authorization: "Bearer wrong" })).toBe(401);
  expect(await ask({ Authorization: "" })).toBe(401);
});
