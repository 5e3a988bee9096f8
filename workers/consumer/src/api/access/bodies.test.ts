import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import { describe, expect, it } from "vitest";
import { ENDPOINTS } from "../create-api.ts";
import { bodyMaxOf, type Endpoint } from "../endpoint.ts";
import { ADMIN, type ApiWorld, createApiWorld, VIEWER } from "../testing/api-world.ts";

/* Every route × every proof × a body of one byte too many, with its length declared and without. */

const CHUNK = 16_384;

/** A body of spaces that counts what is read of it. */
function counted(total: number, size = CHUNK) {
  let read = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = Math.min(size, total - read);
        if (next === 0) return controller.close();
        read += next;
        controller.enqueue(size === CHUNK ? new Uint8Array(next).fill(0x20) : new Uint8Array(next));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, read: () => read };
}

/** Where each route takes a body; the id or name in a path is one that exists. */
function pathOf(path: string): string {
  const known: Record<string, string> = { job: "0123456789a", id: "photo", name: "uploads" };
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => known[name] ?? "none");
  return path.endsWith("/import") ? `${filled}?replace=true` : filled;
}

const TYPES = ["application/json", "application/x-ndjson", "text/csv"];

interface Sent {
  endpoint: Endpoint;
  type: string;
  max: number;
}

/** What can be sent where: a route that takes several types has a limit for each. */
const SENT: Sent[] = ENDPOINTS.filter(({ route }) => route.method !== "get").flatMap((endpoint) => {
  const taken = Object.keys(endpoint.route.request?.body?.content ?? {});
  const types = taken.length > 0 ? taken : TYPES.slice(0, 1);
  return types.map((type) => ({ endpoint, type, max: bodyMaxOf(endpoint, type) }));
});

const SMALL_MAX = 1_100_000;

/** One chunk where the limit is large: nobody touches its memory. */
function oneTooMany({ max }: Sent) {
  return counted(max + 1, max > SMALL_MAX ? max + 1 : CHUNK);
}

const PROOFS = [
  ["no token", null],
  ["a wrong token", "not-a-token"],
  ["a viewer's token", VIEWER],
  ["an operator's token", ADMIN],
] as const;

async function send(world: ApiWorld, { endpoint, type }: Sent, token: string | null, body: BodyInit, length?: number) {
  const declared: Record<string, string> = length === undefined ? {} : { "Content-Length": String(length) };
  const headers = { "Content-Type": type, ...declared };
  const path = pathOf(endpoint.route.path);
  const answer = await world.call(endpoint.route.method.toUpperCase(), path, { token, headers, body });
  return { status: answer.status, problem: (await answer.json().catch(() => ({}))) as Record<string, unknown> };
}

function mayCall({ access }: Endpoint, token: string | null): boolean {
  if (access === "public" || token === ADMIN) return true;
  return token === VIEWER && access === "viewer";
}

describe("a body of one byte too many", () => {
  it.each(PROOFS)("is read no further than its limit, with %s", async (_what, token) => {
    const wrong: string[] = [];
    for (const one of SENT)
      for (const length of [undefined, one.max + 1]) {
        const world = createApiWorld();
        const { body, read } = oneTooMany(one);
        const { status, problem } = await send(world, one, token, body as BodyInit, length);
        const isRefused = [401, 403].includes(status);
        const isTooLarge = status === 413 && problem.code === "body_too_large" && problem.limitBytes === one.max;
        // Declared or refused for its caller: not a byte is read.
        const readMax = isRefused || length !== undefined ? 0 : one.max + CHUNK;
        const isRight = mayCall(one.endpoint, token) ? isTooLarge : isRefused;
        if (!isRight || read() > readMax)
          wrong.push(`${one.endpoint.route.method} ${one.endpoint.route.path} ${one.type}: ${status}, read ${read()}`);
      }
    expect(wrong).toEqual([]);
    expect(SENT.length).toBeGreaterThan(15);
  });

  it("is 413 for an operator on every route", async () => {
    const statuses = await Promise.all(
      SENT.map((one) => send(createApiWorld(), one, ADMIN, oneTooMany(one).body as BodyInit)),
    );
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([413]));
  });

  it("is one too many, and no byte fewer: a body of just the limit is not too large", async () => {
    const small = SENT.filter(({ max }) => max <= SMALL_MAX);
    const statuses = await Promise.all(
      small.map((one) => send(createApiWorld(), one, ADMIN, counted(one.max).body as BodyInit)),
    );
    expect(statuses.map(({ status }) => status)).not.toContain(413);
    expect(small.length).toBeGreaterThan(12);
  });

  it("is not read at all where there is no such call", async () => {
    const world = createApiWorld();
    const paths = [...new Set(ENDPOINTS.map(({ route }) => route.path)), "/api/v1/secret", "/api", "/nothing"];
    const wrong: string[] = [];
    for (const path of paths)
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        if (ENDPOINTS.some(({ route }) => route.path === path && route.method === method.toLowerCase())) continue;
        for (const token of [null, ADMIN]) {
          const { body, read } = counted(40_000_000);
          const { status } = await world.call(method, pathOf(path), { token, body });
          if (![401, 404, 405, 429].includes(status) || read() > 0)
            wrong.push(`${method} ${path}: ${status}, ${read()}`);
        }
      }
    expect(wrong).toEqual([]);
  });

  it("has 64 kB, unless the route's row says otherwise", () => {
    const larger = SENT.filter(({ max }) => max !== BODY_MAX_BYTES);
    expect(larger.map((one) => `${one.endpoint.route.path} ${one.type} ${one.max}`)).toEqual([
      "/api/v1/warm application/json 16000000",
      "/api/v1/warm application/x-ndjson 500000000",
      "/api/v1/warm text/csv 500000000",
      "/api/v1/image-actions application/json 500000",
      "/api/v1/info application/json 1000000",
      "/hooks/{name} application/json 1048576",
    ]);
  });
});

describe("40 MB to the sign-in", () => {
  it.each([
    ["declared", { "Content-Length": "40000000" }, 0],
    ["not declared", {}, BODY_MAX_BYTES + CHUNK],
  ])("cost what 64 kB cost, %s", async (_what, headers, most) => {
    const world = createApiWorld();
    const { body, read } = counted(40_000_000);
    const options = { token: null, body, headers: { "Content-Type": "application/json", ...headers } };
    const answer = await world.call("POST", "/api/v1/session", options);
    expect(answer.status).toBe(413);
    expect(read()).toBeLessThanOrEqual(most);
  });
});

describe("JSON nested too deeply", () => {
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const json = { "Content-Type": "application/json" };

  it("is refused by every route that reads JSON, and none answers 5xx", async () => {
    for (const one of SENT.filter(
      ({ endpoint, type }) => type === "application/json" && endpoint.route.request?.body,
    )) {
      const { path } = one.endpoint.route;
      const { status, problem } = await send(createApiWorld(), one, ADMIN, `{"items":${deep(20_000)}}`);
      // A hook's proof is judged before its body is parsed.
      expect([path, status]).toEqual([path, path.startsWith("/hooks/") ? 401 : 400]);
      if (path.startsWith("/api/")) expect([path, problem.code]).toEqual([path, "body_too_deep"]);
    }
  });

  it.each([
    [64, 202],
    [65, 400],
  ])("begins with the 65th level: %i levels are answered %i", async (levels, status) => {
    const world = createApiWorld();
    // The body is the first level, the list of items the second.
    const body = `{"items":["a",${deep(levels - 2)}]}`;
    expect((await world.call("POST", "/api/v1/warm", { body, headers: json })).status).toBe(status);
  });
});
