import type { HookConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { ADMIN, createApiWorld, idsOf, jobsOf, START, VIEWER } from "../../api/testing/api-world.ts";
import { s3Record } from "../testing/fixtures.ts";
import { RECIPES } from "../testing/recipes.ts";
import {
  CERTIFICATE,
  CERTIFICATE_URL,
  confirmation,
  fakeAws,
  HOST,
  type SnsMessage,
  snsMessage,
  TOPIC,
  VECTORS,
} from "../testing/sns.ts";
import { verifySns } from "./sns.ts";
import { SnsCertificates } from "./sns-certificates.ts";

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
const uploaded = (key: string, sequencer = "0A") =>
  JSON.stringify({
    Records: [s3Record("ObjectCreated:Put", key, { sequencer, eTag: "e1", bucket: "my-originals" })],
  });
const hook = (more: object = {}): HookConfig => ({ ...RECIPES.s3, verifier: { ...RECIPES.s3.verifier, ...more } });

function worldWith(answers?: Parameters<typeof fakeAws>[0], more: object = {}) {
  const aws = fakeAws(answers);
  const site = { sources: SOURCES, hooks: { s3: hook(more) } };
  const world = createApiWorld(site, { fetch: aws.fetch, adminTokens: [ADMIN, "pia[pause]:token-of-pia"] });
  const send = (message: unknown) => {
    const body = typeof message === "string" ? message : JSON.stringify(message);
    return world.json("POST", "/hooks/s3", { token: null, body, headers: { "Content-Type": "text/plain" } });
  };
  const listed = async (token = VIEWER) => {
    const { body } = await world.json("GET", "/api/v1/hooks", { token });
    return body.deliveries as Record<string, unknown>[];
  };
  return { ...world, ...aws, send, listed };
}

describe("a notification of a listed topic", () => {
  it.each(["1", "2"] as const)("of signature version %s enqueues what its message names", async (version) => {
    const world = worldWith();
    const { status, body } = await world.send(snsMessage({ Message: uploaded("cats/tom.jpg") }, version));
    expect([status, body.accepted, body.rejected]).toEqual([202, 2, []]);
    expect(world.asked).toEqual([CERTIFICATE_URL]);
  });

  it.each(VECTORS.map((vector, n) => [n, vector] as const))(
    "is proven as openssl signs it (vector %i)",
    async (_, vector) => {
      const certificates = new SnsCertificates(async () => new Response(CERTIFICATE));
      const prove = (more: SnsMessage) => {
        const raw = Uint8Array.from(Buffer.from(JSON.stringify({ ...vector, ...more })));
        const now = Date.parse(String(vector.Timestamp));
        const sent = { headers: new Headers(), raw, url: "https://control.example.com/hooks/s3", now };
        return verifySns(sent, { kind: "sns", topics: [String(vector.TopicArn)] }, certificates);
      };
      expect(await prove({})).toMatchObject({ id: vector.MessageId });
      expect(await prove({ Message: "Another message" })).toBeNull();
      expect(await prove({ SignatureVersion: vector.SignatureVersion === "1" ? "2" : "1" })).toBeNull();
    },
  );

  it("is a repeat by its signed id, although SNS signs it again with another certificate", async () => {
    const other = `${HOST}/SimpleNotificationService-next.pem`;
    const world = worldWith({ [other]: () => new Response(CERTIFICATE) });
    const Message = uploaded("a");
    await world.send(snsMessage({ Message }));
    const again = await world.send(snsMessage({ Message, SigningCertURL: other }, "1"));
    expect(again).toMatchObject({ status: 202, body: { duplicate: true } });
    expect(await world.send(snsMessage({ Message: uploaded("b") }))).toMatchObject({ status: 422 });
  });

  it("may come a day late, and is recognised when it comes twice", async () => {
    const world = worldWith();
    const late = snsMessage({ Message: uploaded("a"), Timestamp: "2026-11-23T12:00:00.000Z" });
    expect((await world.send(late)).status).toBe(202);
    expect((await world.send(late)).body.duplicate).toBe(true);
  });

  it("hands its mapper the signed message only: what is unsigned beside it enqueues nothing", async () => {
    const world = worldWith();
    const evil = { ...snsMessage({ Message: uploaded("a") }), ...JSON.parse(uploaded("evil")) };
    expect((await world.send(evil)).body).toMatchObject({ accepted: 2 });
    expect(idsOf(await jobsOf(world, "state=queued"))).toEqual(["a"]);
  });

  it("asks for its certificate once a day, and once for all that wait for it", async () => {
    const world = worldWith();
    const messages = ["a", "b", "c"].map((id) => snsMessage({ MessageId: id, Message: uploaded(id) }));
    await Promise.all(messages.map(world.send));
    world.advance(23 * 3_600_000);
    await world.send(snsMessage({ MessageId: "d", Message: uploaded("d"), Timestamp: "2026-11-25T10:59:00.000Z" }));
    expect(world.asked).toHaveLength(1);
    world.advance(2 * 3_600_000);
    await world.send(snsMessage({ MessageId: "e", Message: uploaded("e"), Timestamp: "2026-11-25T12:59:00.000Z" }));
    expect(world.asked).toHaveLength(2);
  });

  it("is answered 503 while the backlog is full: SNS drops what is answered 429", async () => {
    const site = { sources: SOURCES, hooks: { s3: hook() }, limits: { backlogMax: 1 } };
    const world = createApiWorld(site, { fetch: fakeAws().fetch });
    const body = JSON.stringify(snsMessage({ Message: uploaded("a") }));
    const answer = await world.call("POST", "/hooks/s3", { token: null, body });
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "60"]);
  });
});

describe("a message that is not proven is refused as a bad signature is, and enqueues nothing", () => {
  const Message = uploaded("a");
  const good = snsMessage({ Message, Subject: "Amazon S3 Notification" });
  const cert = (SigningCertURL: string) => snsMessage({ Message, SigningCertURL });
  it.each<[string, unknown]>([
    ["another message", { ...good, Message: uploaded("b") }],
    ["another id", { ...good, MessageId: "m-2" }],
    ["another subject", { ...good, Subject: "x" }],
    ["without its subject", { ...good, Subject: undefined }],
    ["another time", { ...good, Timestamp: "2026-11-24T11:59:59.124Z" }],
    ["another type", { ...good, Type: "UnsubscribeConfirmation" }],
    ["the other version", { ...good, SignatureVersion: "1" }],
    ["no known version", { ...good, SignatureVersion: "3" }],
    ["a cut signature", { ...good, Signature: "" }],
    ["a signature that is no base64", { ...good, Signature: "?" }],
    ["a topic that is not listed", snsMessage({ Message, TopicArn: `${TOPIC}2` })],
    ["a topic of another region", snsMessage({ Message, TopicArn: TOPIC.replace("eu-central", "us-east") })],
    ["older than a day", snsMessage({ Message, Timestamp: "2026-11-23T11:59:59.999Z" })],
    ["of the future", snsMessage({ Message, Timestamp: "2026-11-24T12:05:00.001Z" })],
    ["of no time", snsMessage({ Message, Timestamp: "2026-99-24T12:05:00.001Z" })],
    ["a subject with a line break", snsMessage({ Message, Subject: "a\nTimestamp" })],
    ["another region's certificate", cert("https://sns.us-east-1.amazonaws.com/a.pem")],
    ["a host that only begins like SNS's", cert("https://sns.eu-central-1.amazonaws.com.evil.com/a.pem")],
    ["China's host for another partition", cert("https://sns.eu-central-1.amazonaws.com.cn/a.pem")],
    ["a host behind a user", cert("https://sns.eu-central-1.amazonaws.com@evil.com/a.pem")],
    ["a user before the host", cert("https://user@sns.eu-central-1.amazonaws.com/a.pem")],
    ["a port", cert("https://sns.eu-central-1.amazonaws.com:443/a.pem")],
    ["another bucket's host", cert("https://evil.s3.eu-central-1.amazonaws.com/a.pem")],
    ["a host of the same length", cert(`https://${"x".repeat(HOST.length - 17)}.evil.com/a.pem`)],
    ["http", cert("http://sns.eu-central-1.amazonaws.com/a.pem")],
    ["a backslash", cert("https://sns.eu-central-1.amazonaws.com\\@evil.com/a.pem")],
    ["a query", cert(`${HOST}/a?x=.pem`)],
    ["a fragment", cert(`${HOST}/a#.pem`)],
    ["a path that climbs", cert(`${HOST}/../a/b.pem`)],
    ["no .pem", cert(`${HOST}/?Action=ListTopics`)],
    ["a body that is no JSON", "{"],
    ["a raw message, which is not signed", uploaded("a")],
    ["nesting without end", `{"Message":${"[".repeat(100_000)}`],
  ])("%s", async (_, message) => {
    const world = worldWith();
    expect(await world.send(message)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    expect(world.asked.filter((url) => url !== CERTIFICATE_URL)).toEqual([]);
    expect((await world.json("GET", "/api/v1/stats")).body.open).toBe(0);
  });

  it.each<[string, () => Response]>([
    ["a redirect", () => new Response(null, { status: 302, headers: { Location: "https://evil.example/a.pem" } })],
    ["nothing", () => new Response(null, { status: 404 })],
    ["a page", () => new Response("<html>")],
    ["a certificate of more than 16 kB", () => new Response(`${CERTIFICATE}${"x".repeat(16_384)}`)],
    ["bytes that are no certificate", () => new Response(CERTIFICATE.replace(/MII[\s\S]{200}/, "AAAA"))],
  ])("when the certificate's address answers with %s", async (_, answer) => {
    const world = worldWith({ [CERTIFICATE_URL]: answer });
    expect((await world.send(good)).status).toBe(401);
    expect(world.asked).toEqual([CERTIFICATE_URL]);
  });
});

it.each<[string, () => Promise<Response>]>([
  ["does not answer", () => Promise.reject(new Error("timeout"))],
  ["answers 500", async () => new Response(null, { status: 500 })],
])("503 when the certificate's host %s, so that SNS sends the message again", async (_, answer) => {
  let isDown = true;
  const world = worldWith({ [CERTIFICATE_URL]: () => (isDown ? answer() : new Response(CERTIFICATE)) });
  const message = snsMessage({ Message: uploaded("a") });
  expect(await world.send(message)).toMatchObject({ status: 503, body: { code: "unavailable" } });
  isDown = false;
  expect((await world.send(message)).status).toBe(202);
});

it("strangers who name one address after another neither displace a certificate nor read more than ten at once", async () => {
  let answer = (_: Response) => {};
  const slow = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  const { fetch, asked } = fakeAws({ [`${HOST}/stranger`]: () => slow });
  const certificates = new SnsCertificates(fetch);
  const known = await certificates.keyOf(CERTIFICATE_URL, "2", START);
  const reads = Array.from({ length: 10 }, (_, n) => certificates.keyOf(`${HOST}/stranger-${n}.pem`, "2", START));
  const eleventh = certificates.keyOf(`${HOST}/stranger-x.pem`, "2", START).catch(({ code }) => code);
  expect(await certificates.keyOf(CERTIFICATE_URL, "2", START)).toBe(known);
  expect(asked).toHaveLength(11);
  answer(new Response(null, { status: 404 }));
  expect([...(await Promise.all(reads)), await eleventh]).toEqual([...Array(10).fill(null), "unavailable"]);
});

describe("a subscription", () => {
  it("of a listed topic is confirmed by the address that was signed, and listed", async () => {
    const world = worldWith();
    expect(await world.send(confirmation())).toMatchObject({ status: 202, body: { accepted: 0, ignored: 1 } });
    expect(world.asked).toEqual([CERTIFICATE_URL, confirmation().SubscribeURL]);
    expect(await world.listed()).toMatchObject([
      { hook: "s3", verdict: "accepted", why: `The subscription of ${TOPIC} is confirmed.` },
    ]);
  });

  it("is shown with its address to those who may mend where confirm is false, and the log has no token", async () => {
    const world = worldWith({}, { confirm: false });
    await world.send(confirmation());
    expect(world.asked).toEqual([CERTIFICATE_URL]);
    expect((await world.listed(ADMIN))[0]?.why).toContain(confirmation().SubscribeURL);
    expect((await world.listed())[0]?.why).toMatch(/ waits\. An operator with the act mend sees the address/);
    expect(JSON.stringify(await world.listed("token-of-pia"))).not.toContain("2336412f37f");
    expect(JSON.stringify(world.logs)).not.toContain("2336412f37f");
  });

  it("that has ended is listed, and no address of it is opened", async () => {
    const world = worldWith();
    expect((await world.send(confirmation({ Type: "UnsubscribeConfirmation" }))).status).toBe(202);
    expect(world.asked).toEqual([CERTIFICATE_URL]);
    expect((await world.listed())[0]?.why).toBe(`The subscription of ${TOPIC} has ended.`);
  });

  it.each([
    ["another host", `https://evil.example/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37f`],
    ["another action", `${HOST}/?Action=DeleteTopic&TopicArn=${TOPIC}&Token=2336412f37f`],
    ["another topic", `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}2&Token=2336412f37f`],
    ["another token", `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=1`],
    ["a second action", `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37f&Action=DeleteTopic`],
    ["a path", `${HOST}/x?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37f`],
  ])("whose address has %s opens nothing", async (_, SubscribeURL) => {
    const world = worldWith();
    expect((await world.send(confirmation({ SubscribeURL }))).status).toBe(401);
    expect(world.asked).toEqual([CERTIFICATE_URL]);
  });

  it.each([403, 500, 302])("that AWS does not confirm (%i) is answered 503, so that SNS asks again", async (status) => {
    const world = worldWith({ [`${HOST}/?Action`]: () => new Response(null, { status }) });
    expect(await world.send(confirmation())).toMatchObject({ status: 503, body: { code: "unavailable" } });
  });
});
