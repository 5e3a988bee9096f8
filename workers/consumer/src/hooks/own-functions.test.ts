import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type HookConfig } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { SITE_FUNCTION_MS } from "@prewarm/shared/limits";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ApiWorld, createApiWorld } from "../api/testing/api-world.ts";

const proven: HookConfig["verifier"] = { kind: "function", verify: () => ({ id: null }) };
const native: HookConfig["mapper"] = { kind: "native" };

const worldOf = (hook: Partial<HookConfig>, secret = "s3cret") =>
  createApiWorld({ hooks: { own: { verifier: proven, mapper: native, ...hook } } }, { secret: () => secret });
const send = (world: ApiWorld, body: string, headers: Record<string, string> = {}, query = "") =>
  world.json("POST", `/hooks/own${query}`, { token: null, body, headers });
const failures = ({ logs }: ApiWorld) => logs.filter(({ event }) => event === "hook.function_failed");
/** What no type allows and a site's JavaScript may do. */
const returning = (value: unknown) => (() => value) as never;

afterEach(() => void vi.useRealTimers());

describe("a mapper's function", () => {
  it("reads any text and the headers, and its items are accepted", async () => {
    const map = vi.fn((_: unknown, { text, headers }: { text: string; headers: Headers }) =>
      text.split("&").map((name) => ({ id: `${headers.get("x-shop")}/${name}` })),
    );
    const world = worldOf({ mapper: { kind: "function", map } });
    expect(await send(world, "a&b", { "x-shop": "eu" })).toMatchObject({ status: 202, body: { accepted: 4 } });
    expect(map.mock.calls[0]?.[0]).toBeUndefined();
    expect((await world.json("GET", "/api/v1/images/eu%2Fa")).body.variants).toHaveLength(2);
  });

  it("may upload and delete in one body, and an order is kept", async () => {
    const map = (body: unknown) => body as never;
    const world = worldOf({ mapper: { kind: "function", map } });
    const event = (type: string, id: string, timestamp: string) => ({ type, timestamp, data: { items: [{ id }] } });
    const news = [
      event("image.uploaded", "a", "2026-11-24T12:00:00Z"),
      event("image.deleted", "b", "2026-11-24T12:00:00Z"),
    ];
    expect((await send(world, JSON.stringify(news))).body).toMatchObject({ accepted: 2, purged: 1 });
    const older = [event("image.uploaded", "a", "2026-11-24T11:00:00Z")];
    expect((await send(world, JSON.stringify(older))).body).toMatchObject({ accepted: 0, ignored: 2 });
  });

  it("is judged item by item, as a stranger is", async () => {
    const map = returning([{ id: "../up" }, { id: "a" }, { nothing: true }, { id: "b", v: "no/slash" }]);
    const { body } = await send(worldOf({ mapper: { kind: "function", map } }), "{}");
    expect(body).toMatchObject({ accepted: 2, rejected: [{ index: 0 }, { index: 2 }, { index: 3 }] });
  });

  it.each([
    [
      "throws",
      () => {
        throw new TypeError("undefined is no shop");
      },
      "undefined is no shop",
    ],
    ["rejects", async () => Promise.reject(new Error("no shop")), "no shop"],
    ["returns no list", returning({ id: "a" }), "returns a list"],
    ["returns what is no item", returning([7]), "an event, an item, or an array of items"],
  ])("that %s answers 503 with Retry-After, tells the log why, and loses nothing", async (_, map, why) => {
    const world = worldOf({ mapper: { kind: "function", map: map as never } });
    const answer = await world.call("POST", "/hooks/own", { token: null, body: "{}" });
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("retry-after")]).toEqual([
      503,
      expect.stringContaining("application/problem+json"),
      "60",
    ]);
    expect(await answer.json()).toMatchObject({
      code: "not_configured",
      detail: expect.stringMatching(/^The mapper of this hook failed/),
    });
    expect(failures(world)[0]?.fields).toMatchObject({
      hook: "own",
      function: "mapper",
      error: expect.stringContaining(why),
    });
  });

  it("that never ends is given up after its time", async () => {
    vi.useFakeTimers();
    const world = worldOf({ mapper: { kind: "function", map: () => new Promise(() => {}) } });
    const answer = send(world, "{}");
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(SITE_FUNCTION_MS);
    expect((await answer).status).toBe(503);
  });
});

describe("a verifier's function", () => {
  it("gets bytes, address and the secrets' values, and its id makes a repeat a repeat", async () => {
    const verify = vi.fn(({ headers }: { headers: Headers }) => ({ id: headers.get("x-id") }));
    const world = worldOf({ verifier: { kind: "function", secrets: ["SHOP_TOKEN"], verify } }, "one,two");
    const body = JSON.stringify([{ id: "a" }]);
    expect(await send(world, body, { "x-id": "7" }, "?shop=eu")).toMatchObject({ status: 202, body: { accepted: 2 } });
    expect((await send(world, body, { "x-id": "7" })).body).toMatchObject({ duplicate: true });
    const [delivery, secrets] = verify.mock.calls[0] as unknown as [{ body: Uint8Array; url: string }, string[]];
    expect([new TextDecoder().decode(delivery.body), new URL(delivery.url).search, secrets]).toEqual([
      body,
      "?shop=eu",
      ["one", "two"],
    ]);
  });

  it("that returns null is a 401, as every bad proof is", async () => {
    const verifier: HookConfig["verifier"] = { kind: "function", verify: () => null };
    const unknown = await worldOf({}).json("POST", "/hooks/none", { token: null, body: "{}" });
    const refused = { ...unknown, body: { ...unknown.body, requestId: expect.any(String) } };
    expect(await send(worldOf({ verifier }), "{}")).toEqual(refused);
  });

  it.each([
    ["true", returning(true)],
    ["undefined", returning(undefined)],
    ["an id that is none", returning({ id: "line\nbreak" })],
    ["an error", () => Promise.reject(new Error("secret-ish reason"))],
  ])("that gives %s proves nothing: 503, and no reason for a stranger", async (_, verify) => {
    const world = worldOf({ verifier: { kind: "function", verify: verify as never } });
    const { status, body } = await send(world, JSON.stringify([{ id: "a" }]));
    expect([status, JSON.stringify(body)]).toEqual([503, expect.not.stringContaining("secret-ish")]);
    expect(failures(world)).toHaveLength(1);
    expect((await world.json("GET", "/api/v1/stats")).body.open).toBe(0);
  });
});

it("docs/hooks.md prints an example that works", async () => {
  const page = readFileSync(fileURLToPath(import.meta.resolve("../../../../docs/hooks.md")), "utf8");
  const [, example = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  const { shop }: { shop: HookConfig } = new Function(`return {${example}}`)();
  const sources = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
  expect(checkConfig(defineConfig({ sources, hooks: { own: shop } }))).toEqual([]);
  const world = worldOf(shop);
  const changes = [
    { sku: "1", at: 5 },
    { sku: "2", removed: true, at: 6 },
  ];
  const headers = { "x-shop": "eu", "x-delivery": "d1" };
  expect(await send(world, JSON.stringify({ changes }), headers, "?token=s3cret")).toMatchObject({
    status: 202,
    body: { accepted: 2, purged: 1 },
  });
  expect(await send(world, "sku=3,4", { "x-shop": "eu" }, "?token=s3cret")).toMatchObject({ body: { accepted: 4 } });
  expect((await send(world, "{}", headers, "?token=wrong")).status).toBe(401);
});

it("a setting in place of the function is a fault of the configuration", () => {
  const hooks = { own: { verifier: proven, mapper: { kind: "function", map: "products" } } } as never;
  const sources = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
  expect(checkConfig(defineConfig({ sources, hooks }))).toEqual([
    expect.stringMatching(/^hooks\.own\.mapper\.map: write a function/),
  ]);
});
