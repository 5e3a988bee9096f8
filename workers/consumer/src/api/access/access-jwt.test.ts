import { beforeAll, describe, expect, it } from "vitest";
import { toBase64Url } from "../../platform/base64.ts";
import { createApiWorld, START } from "../testing/api-world.ts";
import { AccessVerifier } from "./access-jwt.ts";

const team = "https://example.cloudflareaccess.com";
const settings = { aud: "app-1", team, operators: ["Boss@example.com"] };
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const now = START / 1000;
const good = { iss: team, aud: ["app-1"], exp: now + 60, email: "boss@example.com" };
let keys: CryptoKeyPair;
let others: CryptoKeyPair;

beforeAll(async () => {
  keys = (await crypto.subtle.generateKey(RSA, true, ["sign", "verify"])) as CryptoKeyPair;
  others = (await crypto.subtle.generateKey(RSA, true, ["sign", "verify"])) as CryptoKeyPair;
});

const part = (value: unknown) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));

async function jwt(claims: unknown, header: object = { alg: "RS256", kid: "k1" }, pair = keys): Promise<string> {
  const text = `${part(header)}.${part(claims)}`;
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", pair.privateKey, new TextEncoder().encode(text));
  return `${text}.${toBase64Url(new Uint8Array(signature))}`;
}

/** Access's key endpoint; counts its calls. */
function certs(kid = "k1") {
  const asked: string[] = [];
  const fetcher = (async (url: string) => {
    asked.push(url);
    const { n, e, kty } = (await crypto.subtle.exportKey("jwk", keys.publicKey)) as JsonWebKey;
    return Response.json({ keys: [{ kid, kty, n, e, alg: "RS256", use: "sig" }], public_cert: {} });
  }) as unknown as typeof fetch;
  return { asked, fetcher };
}

describe("Access's JWT", () => {
  it("proves who was let in, and its keys are asked for once an hour", async () => {
    const { asked, fetcher } = certs();
    const verifier = new AccessVerifier(settings, fetcher);
    expect(await verifier.verify(await jwt(good), START)).toBe("boss@example.com");
    expect(
      await verifier.verify(await jwt({ ...good, aud: "app-1", email: undefined, common_name: "robot" }), START),
    ).toBe("robot");
    expect(asked).toEqual([`${team}/cdn-cgi/access/certs`]);
    await verifier.verify(await jwt({ ...good, exp: now + 99_999 }), START + 3_600_001);
    expect(asked).toHaveLength(2);
  });

  it.each<[string, () => Promise<string>]>([
    ["another application's audience", () => jwt({ ...good, aud: ["app-2"] })],
    ["another team's", () => jwt({ ...good, iss: "https://evil.cloudflareaccess.com" })],
    ["an expired one", () => jwt({ ...good, exp: now - 61 })],
    ["one of the future", () => jwt({ ...good, nbf: now + 120 })],
    ["one without an expiry", () => jwt({ ...good, exp: undefined })],
    ["another key's signature", () => jwt(good, { alg: "RS256", kid: "k1" }, others)],
    ["an unknown key", () => jwt(good, { alg: "RS256", kid: "k2" })],
    ["alg none", async () => `${part({ alg: "none", kid: "k1" })}.${part(good)}.`],
    ["alg HS256", () => jwt(good, { alg: "HS256", kid: "k1" })],
    ["changed claims", async () => (await jwt(good)).replace(/\.[^.]+\./, `.${part({ ...good, email: "x@y.z" })}.`)],
    ["rubbish", async () => "a.b.c"],
    ["nothing", async () => ""],
  ])("is refused when it is %s", async (_, make) => {
    expect(await new AccessVerifier(settings, certs().fetcher).verify(await make(), START)).toBeNull();
  });

  it("of an unknown key asks again at most once a minute, and finds the key after a rotation", async () => {
    const { asked, fetcher } = certs("k2");
    const verifier = new AccessVerifier(settings, fetcher);
    for (let n = 0; n < 5; n += 1) await verifier.verify(await jwt(good), START + n);
    expect(asked).toHaveLength(1);
    expect(await verifier.verify(await jwt(good, { alg: "RS256", kid: "k2" }), START + 10)).toBe("boss@example.com");
  });

  it("costs one question a minute while the keys' address is down, however many come", async () => {
    let asked = 0;
    const down = (async () => {
      asked += 1;
      await Promise.resolve();
      throw new Error("down");
    }) as unknown as typeof fetch;
    const verifier = new AccessVerifier(settings, down);
    const junk = Array.from({ length: 500 }, (_, n) => jwt(good, { alg: "RS256", kid: `k${n}` }, others));
    await Promise.all((await Promise.all(junk)).map((one, n) => verifier.verify(one, START + n)));
    expect(asked).toBe(1);
    await verifier.verify(await jwt(good), START + 60_000);
    expect(asked).toBe(2);
  });

  it("is let in at the first question, however many ask it at once", async () => {
    const verifier = new AccessVerifier(settings, certs().fetcher);
    const good1 = await jwt(good);
    const all = await Promise.all(Array.from({ length: 20 }, () => verifier.verify(good1, START)));
    expect(new Set(all)).toEqual(new Set(["boss@example.com"]));
  });

  it("is believed by keys of a day at most, when their address has been down since", async () => {
    const { fetcher } = certs();
    let up = true;
    const verifier = new AccessVerifier(settings, ((url: string) =>
      up ? fetcher(url) : Promise.reject(new Error("down"))) as unknown as typeof fetch);
    const late = await jwt({ ...good, exp: now + 999_999 });
    expect(await verifier.verify(late, START)).toBe("boss@example.com");
    up = false;
    expect(await verifier.verify(late, START + 23 * 3_600_000)).toBe("boss@example.com");
    expect(await verifier.verify(late, START + 25 * 3_600_000)).toBeNull();
  });

  it("makes viewers and operators of people, and writes need the same origin", async () => {
    const world = createApiWorld({}, { access: settings, fetch: certs().fetcher });
    const as = async (email: string, headers: Record<string, string> = {}) => ({
      token: null,
      headers: { "Cf-Access-Jwt-Assertion": await jwt({ ...good, email }), ...headers },
    });
    expect((await world.json("GET", "/api/v1/session", await as("eve@example.com"))).body).toMatchObject({
      role: "viewer",
      by: "access",
      who: "eve@example.com",
    });
    const write = async (email: string, headers = {}) =>
      (await world.call("PATCH", "/api/v1/gate", { ...(await as(email, headers)), body: {} })).status;
    expect(await write("eve@example.com", { "Sec-Fetch-Site": "same-origin" })).toBe(403);
    expect(await write("boss@example.com")).toBe(403);
    expect(await write("boss@example.com", { "Sec-Fetch-Site": "same-origin" })).toBe(200);
  });

  it("is not looked at where Access is not configured", async () => {
    const world = createApiWorld({}, { fetch: certs().fetcher });
    const headers = { "Cf-Access-Jwt-Assertion": await jwt(good) };
    expect((await world.call("GET", "/api/v1/stats", { token: null, headers })).status).toBe(401);
  });
});
