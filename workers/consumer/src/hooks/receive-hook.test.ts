import { createHash, createHmac } from "node:crypto";
import type { HookConfig } from "@prewarm/shared/config";
import { threadMs } from "@prewarm/shared/testing/slowness";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { type ApiWorld, createApiWorld, HOOK_SECRET, START, work } from "../api/testing/api-world.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { cloudinary, s3Record, sanity } from "./testing/fixtures.ts";
import { RECIPES } from "./testing/recipes.ts";

const sources = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
const key = (id: string, width = 400) => `${id}/${width}-high.webp`;
const uploaded = (items: unknown[], timestamp = "2026-11-24T12:00:00Z") =>
  JSON.stringify({ type: "image.uploaded", timestamp, data: { items } });

function signed(body: string, more: { id?: string; at?: number; secret?: string } = {}): Record<string, string> {
  const { id = "msg_1", at = START, secret = HOOK_SECRET } = more;
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, new Date(at), body),
  };
}

/** Rightly signed over a time in a spelling of its own. */
function signedAt(time: string): Record<string, string> {
  const secret = Buffer.from(HOOK_SECRET.replace("whsec_", ""), "base64");
  const body = uploaded([{ id: "a" }]);
  const signature = createHmac("sha256", secret).update(`msg_1.${time}.${body}`).digest("base64");
  return { "webhook-id": "msg_1", "webhook-timestamp": time, "webhook-signature": `v1,${signature}` };
}

const send = (world: ApiWorld, body: string, headers: Record<string, string>, name = "uploads") =>
  world.json("POST", `/hooks/${name}`, { token: null, body, headers });
const open = async (world: ApiWorld) => (await world.json("GET", "/api/v1/stats")).body.open;

describe("a signed upload", () => {
  it("that the standardwebhooks package signed is accepted in the lane `upload`, in the day's rolling run", async () => {
    const world = createApiWorld();
    const body = uploaded([{ id: "a", sourceEtag: "e1" }]);
    const first = await send(world, body, signed(body));
    expect(first).toMatchObject({
      status: 202,
      body: { run: "hook_uploads_2026-11-24", accepted: 2, duplicates: 0, rejected: [], duplicate: false },
    });
    const second = uploaded([{ id: "b" }]);
    expect((await send(world, second, signed(second, { id: "msg_2" }))).body.run).toBe(first.body.run);
    expect((await world.json("GET", "/api/v1/runs/hook_uploads_2026-11-24")).body).toMatchObject({
      lane: "upload",
      state: "running",
      total: 4,
    });
  });

  it("of a removed image is rejected with that reason, in the answer and in the list; the other items are done", async () => {
    const world = createApiWorld();
    await world.json("POST", "/api/v1/images/b/remove", { body: { reason: "asked by the person" } });
    const body = uploaded([{ id: "a" }, { id: "b" }]);
    const answer = (await send(world, body, signed(body))).body;
    expect(answer).toMatchObject({
      accepted: 2,
      ignored: 0,
      rejected: [{ index: 1, id: "b", code: "removed" }],
    });
    expect((await world.json("GET", `/api/v1/runs/${answer.run}/rejected`)).body).toMatchObject({
      rejected: [{ index: 1, id: "b", code: "removed" }],
    });
    const { deliveries } = (await world.json("GET", "/api/v1/hooks")).body;
    expect(deliveries).toMatchObject([{ ignored: 0, rejected: 1, why: "removed: This image was removed." }]);
  });

  it("may say what crops show; a point that is none is rejected, and the other items are done", async () => {
    const world = createApiWorld();
    const body = uploaded([{ id: "a", focal: [0.1, 0.2] }, { id: "b", focal: [10, 20] }, { id: "c" }]);
    expect((await send(world, body, signed(body))).body).toMatchObject({
      accepted: 4,
      rejected: [{ index: 1, code: "body_invalid" }],
    });
    const focal = async (id: string) => (await world.json("GET", `/api/v1/images/${id}`)).body.focal;
    expect([await focal("a"), await focal("b"), await focal("c")]).toEqual([[0.1, 0.2], null, null]);
    const later = uploaded([{ id: "a" }], "2026-11-24T12:00:01Z");
    await send(world, later, signed(later, { id: "msg_2" }));
    expect(await focal("a")).toEqual([0.1, 0.2]);
  });

  it("verifies under every secret while they are rotated, and while the sender signs with several", async () => {
    const old = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w=";
    const world = createApiWorld({}, { secret: () => `${HOOK_SECRET},${old}` });
    const body = uploaded([{ id: "a" }]);
    expect((await send(world, body, signed(body, { secret: old }))).status).toBe(202);
    const both = signed(body, { id: "msg_2" });
    both["webhook-signature"] = `v1a,c29tZXRoaW5n v1,AAAA ${both["webhook-signature"]}`;
    expect((await send(world, body, both)).status).toBe(202);
  });

  it("does nothing when it comes again, even after its rows have ended, and is refused with another body", async () => {
    const world = createApiWorld();
    const body = uploaded([{ id: "a" }]);
    await send(world, body, signed(body));
    work(world, [key("a"), key("a", 800)], "dead");
    expect(await send(world, body, signed(body))).toMatchObject({
      status: 202,
      body: { duplicate: true, accepted: 0 },
    });
    expect(await open(world)).toBe(0);
    const other = uploaded([{ id: "b" }]);
    expect((await send(world, other, signed(other))).status).toBe(422);
    expect(await open(world)).toBe(0);
  });

  it("is run again when it was interrupted, and answers 503 meanwhile so that the sender does so", async () => {
    const world = createApiWorld();
    // Two chunks.
    const body = uploaded(Array.from({ length: 600 }, (_, n) => ({ id: `a${n}` })));
    const { finishDelivery } = world.deps.ledger;
    world.deps.ledger.finishDelivery = () =>
      Promise.reject(new LedgerUnavailable("finishDelivery", new Error("reset")));
    const failed = await send(world, body, signed(body));
    expect(failed.status).toBe(503);
    world.deps.ledger.finishDelivery = finishDelivery;
    expect(await send(world, body, signed(body))).toMatchObject({
      status: 202,
      body: { accepted: 1200, duplicate: false },
    });
    expect(await open(world)).toBe(1200);
  });

  it("of one chunk is accepted and finished by one call: after a lost answer its repeat is a repeat", async () => {
    const world = createApiWorld();
    const body = uploaded([{ id: "a" }]);
    const { acceptChunk } = world.deps.ledger;
    world.deps.ledger.acceptChunk = async (chunk) => {
      await acceptChunk(chunk);
      throw new LedgerUnavailable("acceptChunk", new Error("reset"));
    };
    expect((await send(world, body, signed(body))).status).toBe(503);
    world.deps.ledger.acceptChunk = acceptChunk;
    expect(await send(world, body, signed(body))).toMatchObject({ status: 202, body: { duplicate: true } });
    expect(await open(world)).toBe(2);
  });

  it("ends what the edge was told about a missing original", async () => {
    const world = createApiWorld();
    await world.bucket.bucket.put("dead/a/_", "{}");
    await world.bucket.bucket.put(`dead/${key("a")}`, "{}");
    const body = uploaded([{ id: "a" }]);
    await send(world, body, signed(body));
    expect([...world.bucket.objects.keys()]).toEqual([]);
  });
});

describe("a hostile delivery enqueues nothing, and every refusal of proof looks alike", () => {
  const body = uploaded([{ id: "a" }]);
  const other = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w=";
  it.each<[string, Record<string, string>, string?]>([
    ["no signature", {}],
    ["another secret's", signed(body, { secret: other })],
    ["another body's", signed(`${body} `)],
    ["six minutes old", signed(body, { at: START - 360_000 })],
    ["six minutes ahead", signed(body, { at: START + 360_000 })],
    ["another id", { ...signed(body), "webhook-id": "msg_9" }],
    ["a time with a zero before it", signedAt(`0${START / 1000}`)],
    ["a time that is none", { ...signed(body), "webhook-timestamp": "NaN" }],
    ["a cut signature", { ...signed(body), "webhook-signature": "v1," }],
    ["a hook that does not exist", signed(body), "other"],
    ["a hook named like a prototype", signed(body), "__proto__"],
    ["the control API's token", { Authorization: "Bearer admin-token-one" }],
  ])("%s", async (_, headers, name) => {
    const world = createApiWorld();
    const refused = await send(world, body, headers, name);
    expect(refused).toEqual({
      status: 401,
      body: {
        type: "https://control.example.com/api/v1/problems#unauthorized",
        title: "The proof of origin is missing or not valid.",
        status: 401,
        code: "unauthorized",
        requestId: expect.any(String),
      },
    });
    expect(await open(world)).toBe(0);
  });

  it("a hook whose secret is not set: with 503, so that the sender keeps what it has", async () => {
    const environmentFaults = ["HOOK_SECRET: a hook's secret, and it is not set"];
    const world = createApiWorld({}, { secret: () => undefined, environmentFaults });
    expect((await world.call("POST", "/hooks/uploads", { token: null, body })).headers.get("Retry-After")).toBe("300");
    expect((await send(world, body, signed(body))).status).toBe(503);
    expect((await send(world, body, signed(body), "nobody")).status).toBe(401);
    expect(world.logs.map(({ event }) => event)).toContain("hook.at_fault");
  });

  it("a hook that does not exist: on a developer's machine with a sentence that names it, elsewhere as a wrong proof", async () => {
    const world = createApiWorld({}, { isLocal: true });
    expect(await send(world, body, signed(body), "upload")).toMatchObject({
      status: 404,
      body: { detail: 'There is no hook "upload", only uploads: add it to prewarm.config.ts.' },
    });
    expect((await send(world, body, {})).status).toBe(401);
  });

  it("ten megabytes, whether it says so or not", async () => {
    const world = createApiWorld();
    const huge = "x".repeat(10_000_000);
    expect((await send(world, huge, signed(huge))).status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    expect((await world.call("POST", "/hooks/uploads", { token: null, body: endless })).status).toBe(413);
    expect(pulled).toBeLessThan(30);
  });

  it.each([
    ["no JSON", "{"],
    ["no event", '"text"'],
    ["nested without end", `{"type":"image.deleted","data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["bytes that are no UTF-8", "\uD800"],
  ])("rightly signed, but %s", async (_, text) => {
    const world = createApiWorld();
    const { status } = await send(world, text, signed(text));
    expect([400, 401]).toContain(status);
    expect(await open(world)).toBe(0);
  });

  it("rightly signed, with ids that climb, wrong types and prototypes", async () => {
    const world = createApiWorld();
    const items =
      '[{"id":"../../etc/passwd"},{"id":"a/./b"},{"id":"doc.pdf"},{"id":"a","contentType":"text/html"},{"__proto__":{"id":"evil"}},{"key":"../x"}]';
    const text = `{"type":"image.uploaded","data":{"items":${items}}}`;
    const { body: answer } = await send(world, text, signed(text));
    expect(answer).toMatchObject({ accepted: 0, ignored: 2 });
    expect((answer.rejected as { index: number }[]).map(({ index }) => index)).toEqual([0, 1, 4, 5]);
    expect(await open(world)).toBe(0);
  });
});

describe("order", () => {
  const s3Hook: HookConfig = {
    verifier: { kind: "bearer", secrets: ["HOOK_SECRET"] },
    mapper: { kind: "s3", buckets: ["originals"] },
    recipe: "upload",
  };
  const world = () => createApiWorld({ sources, hooks: { s3: s3Hook } });
  const tell = (to: ApiWorld, ...records: object[]) =>
    send(to, JSON.stringify({ Records: records }), { Authorization: `Bearer ${HOOK_SECRET}` }, "s3");
  const put = (sequencer: string, eTag: string) => s3Record("ObjectCreated:Put", "a", { sequencer, eTag });
  const remove = (sequencer: string) => s3Record("ObjectRemoved:Delete", "a", { sequencer });

  it("makes a replaced original's variants anew under the same keys, and lets an older event change nothing", async () => {
    const to = world();
    await tell(to, put("0A", "e1"));
    work(to, [key("a"), key("a", 800)], "stored");
    expect((await tell(to, put("0C", "e3"))).body).toMatchObject({ accepted: 2, existing: 0 });
    work(to, [key("a"), key("a", 800)], "stored");
    expect((await tell(to, put("0B", "e2"))).body).toMatchObject({ accepted: 0, existing: 0, ignored: 2 });
    expect((await to.json("GET", "/api/v1/images/a")).body.sourceEtag).toBe("e3");
    expect(await open(to)).toBe(0);
  });

  it("outdates nothing for the same bytes told again: who looks finds them in R2", async () => {
    const to = world();
    await tell(to, put("0A", "e1"));
    work(to, [key("a"), key("a", 800)], "stored");
    const gens = async () => (await to.deps.ledger.imageRows("a", [])).rows.map(({ gen }) => gen);
    expect((await tell(to, put("0B", "e1"))).body).toMatchObject({ accepted: 2 });
    const waiting = await gens();
    expect((await tell(to, put("0C", "e1"))).body).toMatchObject({ accepted: 0, duplicates: 2 });
    expect(await gens()).toEqual(waiting);
    await tell(to, put("0D", "e2"));
    expect(await gens()).not.toEqual(waiting);
  });

  it("purges what is deleted, unless it was uploaded anew since", async () => {
    const to = world();
    await tell(to, put("0A", "e1"));
    expect((await tell(to, remove("09"))).body).toMatchObject({ purged: 0 });
    expect(to.purges()).toEqual([]);
    expect((await tell(to, remove("0B"))).body).toMatchObject({ purged: 1, run: null });
    expect(to.purges()).toEqual(["a"]);
    expect((await tell(to, put("0A", "e0"))).body).toMatchObject({ accepted: 0, ignored: 2 });
  });

  it("within one body lets the later event win, whatever their places", async () => {
    const to = world();
    expect((await tell(to, remove("0B"), put("0A", "e1"))).body).toMatchObject({ purged: 1, accepted: 0 });
    expect((await tell(to, remove("0C"), put("0D", "e2"))).body).toMatchObject({ purged: 0, accepted: 2 });
  });

  it("repeats no deletion", async () => {
    const to = world();
    await tell(to, remove("0B"));
    expect((await tell(to, remove("0B"))).body).toMatchObject({ duplicate: true });
    expect(to.purges()).toHaveLength(1);
  });
});

describe("a sender that says neither id nor time", () => {
  const hooks = {
    plain: { verifier: { kind: "bearer", secrets: ["HOOK_SECRET"] }, mapper: { kind: "native" }, recipe: "upload" },
  } satisfies Record<string, HookConfig>;
  const tell = (to: ApiWorld, type: string, data: object) =>
    send(to, JSON.stringify({ type, data }), { Authorization: `Bearer ${HOOK_SECRET}` }, "plain");

  it("has its deletion done again, when the image was uploaded in between", async () => {
    const to = createApiWorld({ hooks });
    expect((await tell(to, "image.deleted", { id: "x" })).body).toMatchObject({ purged: 1 });
    expect((await tell(to, "image.uploaded", { id: "x" })).body).toMatchObject({ accepted: 2 });
    to.advance(1000);
    expect((await tell(to, "image.deleted", { id: "x" })).body).toMatchObject({ purged: 1, duplicate: false });
    to.advance(3 * 86_400_000);
    expect((await tell(to, "image.uploaded", { id: "x" })).body).toMatchObject({ accepted: 2, duplicate: false });
    expect((await tell(to, "image.deleted", { id: "x" })).body).toMatchObject({ purged: 1, duplicate: false });
  });

  it.each([
    [["upload"], "image.deleted"],
    [["delete"], "image.uploaded"],
  ] as const)("may do %j and nothing else, whatever it is proven by", async (may, other) => {
    const to = createApiWorld({ hooks: { plain: { ...hooks.plain, may } } });
    const { status, body } = await tell(to, other, { id: "x" });
    expect(status).toBe(202);
    expect(body).toMatchObject({ accepted: 0, purged: 0, rejected: [{ index: 0, code: "forbidden" }] });
    const own = other === "image.deleted" ? "image.uploaded" : "image.deleted";
    const done = (await tell(to, own, { id: "x" })).body;
    expect(Number(done.accepted) + Number(done.purged)).toBeGreaterThan(0);
  });

  it("has a retried upload recognised", async () => {
    const to = createApiWorld({ hooks });
    await tell(to, "image.uploaded", { id: "x" });
    expect((await tell(to, "image.uploaded", { id: "x" })).body).toMatchObject({ accepted: 0, duplicate: true });
  });

  it("is told which ids of deletions are none, and the others are purged", async () => {
    const to = createApiWorld({ hooks });
    const items = ["ok1", "\ud800", "../../x\u0000\n", "", "a//b", "ok2"].map((id) => ({ id }));
    const { status, body } = await tell(to, "image.deleted", { items });
    expect(status).toBe(202);
    expect(body).toMatchObject({ purged: 2 });
    expect((body.rejected as { index: number }[]).map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect(to.purges().sort()).toEqual(["ok1", "ok2"]);
  });

  it("of 10,000 deletions of one image takes time in proportion to them; more are refused", async () => {
    const to = createApiWorld({ hooks });
    const items = (n: number, id: (n: number) => string) => Array.from({ length: n }, (_, i) => ({ id: id(i) }));
    const took = async (data: object) => {
      const before = threadMs();
      const { status } = await tell(to, "image.deleted", data);
      return [status, threadMs() - before] as const;
    };
    const [, few] = await took({ items: items(1000, () => "x") });
    const [status, many] = await took({ items: items(10_000, () => "x") });
    expect(status).toBe(202);
    expect(many).toBeLessThan(few * 30 + 200);
    expect((await took({ items: items(10_001, () => "x") }))[0]).toBe(400);
  });
});

describe("the recipes' proofs", () => {
  const hooks = { cloudinary: RECIPES.cloudinary, sanity: RECIPES.sanity } satisfies Record<string, HookConfig>;
  const at = String(START / 1000);
  it("Cloudinary's is a hash over body, time and secret", async () => {
    const world = createApiWorld({ hooks }, { secret: () => "api-secret" });
    const body = JSON.stringify(cloudinary);
    const hash = (secret: string) =>
      createHash("sha1")
        .update(body + at + secret)
        .digest("hex");
    const tell = (secret: string) =>
      send(world, body, { "x-cld-timestamp": at, "x-cld-signature": hash(secret) }, "cloudinary");
    expect((await tell("guess")).status).toBe(401);
    expect((await tell("api-secret")).body).toMatchObject({ accepted: 2 });
  });

  it("Sanity's names its time in milliseconds within the header, and goes stale", async () => {
    const world = createApiWorld({ sources, hooks }, { secret: () => "hook-secret" });
    const body = JSON.stringify(sanity);
    const tell = (time: number) => {
      const signature = createHmac("sha256", "hook-secret").update(`${time}.${body}`).digest("base64url");
      return send(world, body, { "sanity-webhook-signature": `t=${time},v1=${signature}` }, "sanity");
    };
    expect((await tell(START - 400_000)).status).toBe(401);
    expect((await tell(START)).body).toMatchObject({ accepted: 2 });
  });

  it("whose id and time touch, as no check passes it, is still not played again under a part of its id", async () => {
    const hook: HookConfig = {
      verifier: {
        kind: "hmac",
        secrets: ["X"],
        header: "x-signature",
        template: "{id}{timestamp}{body}",
        timestampHeader: "x-time",
        idHeader: "x-id",
      },
      mapper: { kind: "native" },
    };
    const world = createApiWorld({ sources, hooks: { plain: hook } }, { secret: () => "hook-secret" });
    const body = JSON.stringify({ type: "image.deleted", data: { id: "a" } });
    const signature = createHmac("sha256", "hook-secret").update(`evt-1230${at}${body}`).digest("hex");
    const tell = (id: string, time: string) =>
      send(world, body, { "x-signature": signature, "x-id": id, "x-time": time }, "plain");
    expect((await tell("evt-1230", at)).body).toMatchObject({ purged: 1 });
    expect((await tell("evt-123", `0${at}`)).status).toBe(401);
  });

  it("GitHub's way, with a prefix and hexadecimal", async () => {
    const hook: HookConfig = {
      verifier: { kind: "hmac", secrets: ["X"], header: "x-hub-signature-256", prefix: "sha256=" },
      mapper: { kind: "native" },
    };
    const world = createApiWorld({ hooks: { plain: hook } }, { secret: () => "one, two" });
    const body = uploaded([{ id: "a" }]);
    const tell = (secret: string, prefix = "sha256=") =>
      send(
        world,
        body,
        { "x-hub-signature-256": `${prefix}${createHmac("sha256", secret).update(body).digest("hex")}` },
        "plain",
      );
    expect((await tell("two", "")).status).toBe(401);
    expect((await tell("three")).status).toBe(401);
    expect((await tell("two")).status).toBe(202);
  });
});
