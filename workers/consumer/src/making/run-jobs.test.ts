import { describe, expect, it } from "vitest";
import type { Claim } from "../ledger/contract.ts";
import { batchWorld, message, wakeUp } from "../testing/batch-world.ts";
import { runClaim } from "../testing/fake-ledger.ts";

const KEY = "photo/400-high.webp";

function resumeClaim(gen: number, upstream: string, more: object = {}): Claim {
  return { do: "resume", gen, floor: 0, ittybitJob: upstream, submittedAt: 1_799_999_990_000, attempts: 0, ...more };
}

async function withObject(world: ReturnType<typeof batchWorld>, gen: number): Promise<void> {
  const customMetadata = { gen: String(gen), job: "job_0", width: "400", height: "200", "created-at": "1" };
  await world.images.bucket.put(`variants/${KEY}`, "old bytes", { customMetadata });
  world.images.calls.length = 0;
}

describe("what R2 already holds", () => {
  it.each<[string, Claim, number, object | null]>([
    [
      "run: a generation that counts",
      runClaim(50, { floor: 40 }),
      40,
      { kind: "present", objectGen: 40, posted: false },
    ],
    ["run: one below the floor", runClaim(50, { floor: 40 }), 39, null],
    ["run: one that is not ours", runClaim(50, { floor: 0 }), -1, null],
    ["resume: its own", resumeClaim(50, "job_000001"), 50, { kind: "present", objectGen: 50, posted: true }],
    ["resume: an older one, though above the floor", resumeClaim(50, "job_000001"), 49, null],
    [
      "verify: one that counts",
      { do: "verify", gen: 50, floor: 40 },
      45,
      { kind: "present", objectGen: 45, posted: true },
    ],
    ["verify: one below the floor", { do: "verify", gen: 50, floor: 40 }, 39, { kind: "gone" }],
  ])("%s", async (_name, claim, gen, expected) => {
    const world = batchWorld();
    const order = {
      input: "https://cdn.example.com/originals/photo",
      options: { width: 400, format: "webp", quality: "high" },
    } as const;
    await world.ittybit.submit({ ...order, idempotencyKey: "other", metadata: {} });
    world.ittybit.calls.length = 0;
    await withObject(world, gen);
    world.ledger.claims.set(KEY, claim);
    await world.consume([message(wakeUp([KEY]))]);
    if (expected === null) {
      expect(world.ledger.outcomes.get(KEY)).toMatchObject({ kind: "stored", gen: 50 });
    } else {
      expect(world.ledger.outcomes.get(KEY)).toMatchObject(expected);
      expect(world.ittybit.calls).toEqual([]);
    }
  });

  it("is asked again later when R2 does not answer, without an attempt", async () => {
    const { consume, images, ledger, ittybit } = batchWorld();
    images.fails = (call) => call.startsWith("head variants");
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "pending" });
    expect(ittybit.calls).toEqual([]);
  });
});

describe("submitting", () => {
  it("waits for its turn and renews a lease that runs short before the POST", async () => {
    const { consume, ledger, clock, ittybit } = batchWorld();
    const start = clock.now();
    ledger.claims.set(KEY, runClaim(5, { notBefore: start + 45_000 }));
    await consume([message(wakeUp([KEY]))]);
    expect(ittybit.jobs[0]?.createdAt).toBe(start + 45_000);
    expect(ledger.calls).toEqual(["claim", "renew", "submitted", "settle"]);
  });

  it("submits nothing once the lease is lost, and settles nothing", async () => {
    const { consume, ledger, clock, ittybit } = batchWorld();
    ledger.claims.set(KEY, runClaim(5, { notBefore: clock.now() + 45_000 }));
    ledger.renews = () => "lost";
    const one = message(wakeUp([KEY]));
    await consume([one]);
    expect(ittybit.calls).toEqual([]);
    expect(ledger.calls).toEqual(["claim", "renew"]);
    expect(one.fate).toBe("ack");
  });

  it("stops at the first 429: the rest is throttled until the same time, nothing else is sent", async () => {
    const { consume, ledger, clock, ittybit } = batchWorld();
    const start = clock.now();
    ittybit.refuse = () => ({ kind: "throttled", retryAfterMs: 7_000 });
    const keys = Array.from({ length: 20 }, (_, index) => `photo/${100 + index}-high.webp`);
    await consume([message(wakeUp(keys))]);
    expect(ittybit.calls.length).toBeLessThanOrEqual(6); // those already under way
    expect(new Set([...ledger.outcomes.values()].map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set([JSON.stringify({ kind: "throttled", until: start + 7_000 })]),
    );
    expect(ledger.outcomes.size).toBe(20);
  });

  it.each([401, 402, 403])("gives every other submission back when the account is refused with %d", async (status) => {
    const { consume, ledger, ittybit } = batchWorld();
    ittybit.refuse = () => ({ kind: "account", status, message: "no" });
    const keys = Array.from({ length: 20 }, (_, index) => `photo/${100 + index}-high.webp`);
    await consume([message(wakeUp(keys))]);
    expect(ittybit.calls.length).toBeLessThanOrEqual(6);
    expect([...ledger.outcomes.values()]).toEqual(keys.map(() => ({ kind: "account", status, message: "no" })));
  });

  it("takes a refused request for the variant's own fault", async () => {
    const { consume, ledger, ittybit, images } = batchWorld();
    const failure = { code: "upstream_rejected", message: "format", httpStatus: 400 };
    ittybit.refuse = () => ({ kind: "rejected", failure });
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toEqual({
      kind: "failed",
      class: "permanent",
      failure,
      posted: false,
      ended: true,
    });
    expect(images.objects.has(`dead/${KEY}`)).toBe(true);
  });

  it("does not claim that no job exists when an earlier handler may have made one", async () => {
    const { consume, ledger, ittybit } = batchWorld();
    ledger.claims.set(KEY, runClaim(5, { granted: "again" }));
    ittybit.refuse = () => ({ kind: "rejected", failure: { code: "upstream_rejected", message: "no" } });
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ posted: false, ended: false });
  });

  it("settles an unanswered POST as unclear: the generation stays", async () => {
    const { consume, ledger, ittybit } = batchWorld();
    ittybit.refuse = () => "lost";
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "unclear" });
    expect(ittybit.jobs).toHaveLength(1);
  });

  it("after several unanswered POSTs adopts the job they made, found by its input and generation", async () => {
    const { consume, ledger, ittybit } = batchWorld();
    ittybit.refuse = () => "lost";
    await consume([message(wakeUp([KEY]))]);
    const posts = ittybit.calls.length;
    ledger.claims.set(KEY, runClaim(1001, { granted: "again", attempts: 3 }));
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "stored", gen: 1001 });
    expect(ittybit.calls.slice(posts).filter((call) => call.startsWith("submit"))).toEqual([]);
  });

  it("replays under the same key for the same generation: one job", async () => {
    const { consume, ledger, ittybit } = batchWorld();
    ledger.claims.set(KEY, runClaim(9));
    ledger.silent = (call) => call === "submitted";
    await consume([message(wakeUp([KEY]))]);
    ledger.silent = () => false;
    ledger.claims.set(KEY, runClaim(9, { granted: "again", input: "https://cdn.example.com/originals/photo" }));
    await consume([message(wakeUp([KEY]))]);
    expect(ittybit.jobs).toHaveLength(1);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "stored", gen: 9 });
  });

  it("gives a row back untouched when the ledger says stop", async () => {
    const { consume, ledger, images } = batchWorld();
    ledger.submits = () => "stop";
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toEqual({ kind: "stopped" });
    expect(images.objects.size).toBe(0);
  });

  it("never asks for more than the original has", async () => {
    const { consume, ittybit, ledger } = batchWorld();
    await consume([
      message(
        wakeUp([
          "photo/1600-high.avif",
          "photo/x800-high.jpeg",
          "photo/2000x2000-cover-high.webp",
          "photo/orig-low.png",
        ]),
      ),
    ]);
    const options = ittybit.jobs.map(({ order }) => order.options);
    expect(options).toContainEqual({ width: 1000, format: "avif", quality: "high" });
    expect(options).toContainEqual({ height: 500, format: "jpeg", quality: "high" });
    expect(options).toContainEqual({ width: 500, height: 500, fit: "cover", format: "webp", quality: "high" });
    expect(options).toContainEqual({ format: "png", quality: "low" });
    expect([...ledger.outcomes.values()].map(({ kind }) => kind)).toEqual(["stored", "stored", "stored", "stored"]);
  });
});

describe("originals that no variant can come of", () => {
  const original = "https://cdn.example.com/originals/photo";

  it("marks a missing original for a minute, then twice as long each time, up to an hour; nothing is submitted", async () => {
    const { consume, ledger, web, clock, images, ittybit } = batchWorld();
    web.set(original, () => new Response("no", { status: 404 }));
    const lives: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      await consume([message(wakeUp([KEY, "photo/800-high.webp"]))]);
      const outcome = ledger.outcomes.get(KEY);
      lives.push(outcome?.kind === "refused" ? outcome.until - clock.now() : 0);
      expect(ledger.outcomes.get("photo/800-high.webp")).toEqual(outcome);
    }
    expect(lives).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600].map((seconds) => seconds * 1000));
    const marker = new TextDecoder().decode(images.objects.get("dead/photo/_")?.bytes);
    expect(JSON.parse(marker)).toEqual({ code: "missing", until: clock.now() + 3_600_000 });
    expect(images.objects.has(`dead/${KEY}`)).toBe(false);
    expect(ittybit.calls).toEqual([]);
  });

  it("refuses HTML in place of an image, with a marker and no job", async () => {
    const { consume, ledger, web, images, ittybit } = batchWorld();
    web.set(original, () => new Response("<!doctype html><title>Not found</title>"));
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({
      kind: "refused",
      code: "unshowable",
      message: "the original is html",
    });
    expect(JSON.parse(new TextDecoder().decode(images.objects.get(`dead/${KEY}`)?.bytes))).toMatchObject({
      code: "unshowable",
    });
    expect(ittybit.calls).toEqual([]);
  });

  it.each([500, 503, 403])("counts an origin that answers %d as an attempt", async (status) => {
    const { consume, ledger, web } = batchWorld();
    web.set(original, () => new Response("", { status }));
    await consume([message(wakeUp([KEY]))]);
    const failure = { code: "original_unreachable", message: `the origin answered HTTP ${status}`, httpStatus: status };
    expect(ledger.outcomes.get(KEY)).toEqual({
      kind: "failed",
      class: "transient",
      failure,
      posted: false,
      ended: true,
    });
  });

  it("takes the markers away once the variant exists", async () => {
    const { consume, images } = batchWorld();
    await images.bucket.put(`dead/${KEY}`, "{}");
    await images.bucket.put("dead/photo/_", "{}");
    await consume([message(wakeUp([KEY]))]);
    expect([...images.objects.keys()]).toEqual([`variants/${KEY}`, "info/photo/_"]);
  });
});
