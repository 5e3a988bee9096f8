import type { HookConfig } from "@prewarm/shared/config";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createApiWorld, START } from "../../api/testing/api-world.ts";
import { gcs } from "../testing/fixtures.ts";
import { RECIPES } from "../testing/recipes.ts";

const EMAIL = String(RECIPES.gcs.verifier.emails[0]);
const pushed = (eventType: string, more: object = {}) =>
  gcs(eventType, "cats/tom.jpg", { bucketId: "my-originals", ...more });
const ADDRESS = "https://control.example.com/hooks/gcs";
const CERTS = "https://www.googleapis.com/oauth2/v3/certs";
const now = START / 1000;
const good = {
  iss: "https://accounts.google.com",
  aud: ADDRESS,
  sub: "113774264463038321964",
  azp: "113774264463038321964",
  email: EMAIL,
  email_verified: true,
  iat: now - 10,
  exp: now + 3590,
};

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Pair;
let others: Pair;
beforeAll(async () => {
  [keys, others] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
});

const token = (claims: object, { kid = "k1", pair = keys } = {}) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(pair.privateKey);

function worldWith(more: object = {}, answer?: () => Response) {
  const asked: string[] = [];
  const fetch = (async (url: string) => {
    asked.push(url);
    return answer?.() ?? Response.json({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256" }] });
  }) as unknown as typeof globalThis.fetch;
  const hook: HookConfig = { ...RECIPES.gcs, verifier: { ...RECIPES.gcs.verifier, ...more } };
  const sources = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
  const world = createApiWorld({ sources, hooks: { gcs: hook } }, { fetch });
  const push = (jwt: string, body: unknown = pushed("OBJECT_FINALIZE")) =>
    world.json("POST", "/hooks/gcs", { token: null, body, headers: { Authorization: `Bearer ${jwt}` } });
  return { ...world, asked, push };
}

describe("a push of Pub/Sub", () => {
  it("with a token of a listed service account enqueues what Cloud Storage says", async () => {
    const world = worldWith();
    expect(await world.push(await token(good))).toMatchObject({ status: 202, body: { accepted: 2, rejected: [] } });
    const gone = await world.push(await token(good), pushed("OBJECT_DELETE", { objectGeneration: "1764000000000002" }));
    expect(gone).toMatchObject({ status: 202, body: { purged: 1 } });
    expect(world.asked).toEqual([CERTS]);
  });

  it("that comes again with a new token and a higher count of attempts makes nothing twice", async () => {
    const world = worldWith();
    const body = pushed("OBJECT_FINALIZE");
    await world.push(await token(good), body);
    expect((await world.push(await token({ ...good, iat: now }), body)).body).toMatchObject({ duplicate: true });
    const attempt = { ...body, deliveryAttempt: 2 };
    expect((await world.push(await token(good), attempt)).body).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  it("may name an audience of the configuration, and then no other", async () => {
    const world = worldWith({ audience: "prewarm" });
    expect((await world.push(await token({ ...good, aud: "prewarm" }))).status).toBe(202);
    expect((await world.push(await token(good))).status).toBe(401);
  });

  it.each<[string, () => Promise<string>]>([
    ["another service account's", () => token({ ...good, email: "other@my-project.iam.gserviceaccount.com" })],
    ["an address that Google has not verified", () => token({ ...good, email_verified: false })],
    ["an address of which nothing is said", () => token({ ...good, email_verified: "true" })],
    ["no address", () => token({ ...good, email: undefined })],
    ["another hook's address", () => token({ ...good, aud: `${ADDRESS}2` })],
    ["no audience", () => token({ ...good, aud: undefined })],
    ["another issuer", () => token({ ...good, iss: "https://accounts.google.com.evil.com" })],
    ["an expired one", () => token({ ...good, exp: now - 61 })],
    ["one that never expires", () => token({ ...good, exp: undefined })],
    ["one of more than an hour ago", () => token({ ...good, iat: now - 3661, exp: now + 60 })],
    ["one of the future", () => token({ ...good, iat: now + 61 })],
    ["one without its time", () => token({ ...good, iat: undefined })],
    ["another key's", () => token(good, { pair: others })],
    ["a key that Google does not publish", () => token(good, { kid: "k2" })],
    ["too long", () => token({ ...good, pad: "x".repeat(4096) })],
    ["no token", async () => ""],
    ["rubbish", async () => "a.b.c"],
    [
      "signed by the public key as a secret",
      async () =>
        new SignJWT(good)
          .setProtectedHeader({ alg: "HS256", kid: "k1" })
          .sign(new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)))),
    ],
  ])("is refused when its token is %s", async (_, make) => {
    const world = worldWith();
    expect(await world.push(await make())).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    expect((await world.json("GET", "/api/v1/stats")).body.open).toBe(0);
  });

  it("is answered 503 while Google's keys cannot be read, and they are asked for once a minute at most", async () => {
    let isDown = true;
    const world = worldWith({}, () => (isDown ? new Response(null, { status: 500 }) : undefined) as Response);
    for (let n = 0; n < 5; n += 1) expect((await world.push(await token(good))).status).toBe(503);
    expect(world.asked).toHaveLength(1);
    isDown = false;
    world.advance(60_000);
    expect((await world.push(await token(good))).status).toBe(202);
  });
});
