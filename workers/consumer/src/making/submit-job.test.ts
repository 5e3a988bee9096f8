import { GO_MAX } from "@prewarm/durable-queue";
import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import type { JobOrder } from "../ittybit/client.ts";
import { OUTPUT_HOST } from "../testing/fake-ittybit.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { picture } from "../testing/pictures.ts";
import { batchWorld } from "./testing/batch-world.ts";

const KEY = "photo/400-high.webp";
const ORIGINAL = "https://cdn.example.com/originals/photo";
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `photo/${100 + index}-high.webp`);

describe("what R2 already holds", () => {
  it.each<[string, number | null, boolean]>([
    ["a generation that counts", 0, true],
    ["one below the floor", -1, false],
    ["one that is not ours", null, false],
  ])("%s", async (_name, aboveFloor, counts) => {
    const { shift, ledger, images, ittybit } = batchWorld();
    // What is ordered by force has its own generation as its floor.
    const { floor } = ledger.add(KEY, { force: true });
    const gen = aboveFloor === null ? -1 : floor + aboveFloor;
    const customMetadata = { gen: String(gen), job: "job_0", width: "400", height: "200", "created-at": "1" };
    await images.bucket.put(`variants/${KEY}`, "old bytes", { customMetadata });
    await shift();
    if (counts) {
      expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "present", objectGen: gen, bytes: 9, posted: false }]);
      expect(ittybit.calls).toEqual([]);
    } else expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "stored" }]);
  });

  it("is found by the preparation, without a slot or a token", async () => {
    const { shift, ledger, images, clock, ittybit } = batchWorld();
    const customMetadata = { gen: "5", job: "job_0", width: "400", height: "200", "created-at": "1" };
    await images.bucket.put(`variants/${KEY}`, "old bytes", { customMetadata });
    // The worker is there for another job, which runs.
    ittybit.plan = () => ({ ms: 90_000 });
    ledger.add("cat/400-high.webp");
    ledger.before = () => {
      if (ledger.requests.length !== 3) return;
      ledger.see({ throttledUntil: clock.now() + 3_600_000 });
      ledger.add(KEY);
    };
    await shift();
    expect(ledger.lastOutcome(KEY)?.kind).toBe("present");
    expect(ittybit.calls).toHaveLength(1);
  });

  it("is asked again later when R2 does not answer, without an attempt", async () => {
    const { shift, images, ledger, ittybit, clock } = batchWorld();
    const since = clock.now();
    images.fails = (call) => call.startsWith("head variants");
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)?.[0]).toEqual({ kind: "pending", due: since + 15_000 });
    expect(ittybit.calls).toEqual([]);
  });
});

describe("submitting", () => {
  it("is asked for by the configuration's word for its quality, and stored under its own", async () => {
    const qualities = { webp: { high: "very_high" } } as const;
    const { shift, ledger, ittybit, images } = batchWorld({
      config: { ittybit: { qualities } },
    });
    ledger.add(KEY);
    await shift();
    expect(ittybit.jobs.map(({ order }) => order.options.quality)).toEqual(["very_high"]);
    expect(images.objects.has(`variants/${KEY}`)).toBe(true);
  });

  it("stops at the first 429: reports it at once, and sends no other POST", async () => {
    const { shift, ledger, clock, ittybit } = batchWorld();
    const since = clock.now();
    ittybit.refuse = () => ({ kind: "throttled", retryAfterMs: 3_600_000 });
    for (const key of keysOf(20)) ledger.add(key);
    const called: number[] = [];
    ledger.before = () => {
      called.push(clock.now() - since);
    };
    await shift();
    expect(ittybit.calls.length).toBeLessThanOrEqual(6); // those already under way
    const told = ledger.requests.find(({ settled }) => settled.length > 0);
    const kinds = told?.settled.map(({ outcome }) => outcome.kind);
    expect(kinds).toHaveLength(GO_MAX);
    expect(kinds?.[0]).toBe("throttled");
    expect(new Set(kinds)).toEqual(new Set(["throttled", "unposted"]));
    expect(told?.settled[0]?.outcome).toEqual({ kind: "throttled", until: since + 20 + 3_600_000 });
    // Not after the pause that was asked for.
    expect(called.slice(0, 3)).toEqual([0, 20, 20]);
    expect(ledger.used).toBe(0);
  });

  it("trusts no job under its key that was made for another variant, and orders again", async () => {
    const { shift, ledger, ittybit, images } = batchWorld();
    const { gen } = ledger.add(KEY);
    // A number that was given twice: what a ledger that was put back by hand would ask under.
    const key = "cat/400-high.webp";
    const metadata = { ledger: "L1", gen: String(gen), key };
    await ittybit.submit({
      input: ORIGINAL,
      options: { format: "webp", quality: "high" },
      idempotencyKey: `pw-L1-${gen}`,
      metadata,
    });
    await shift();
    const [conflict] = ledger.outcomes.get(KEY) ?? [];
    expect(conflict).toMatchObject({ kind: "failed", class: "transient", failure: { code: "upstream_conflict" } });
    expect(ledger.requests.flatMap(({ submitted }) => submitted).some(({ gen: told }) => told === gen)).toBe(false);
    const stored = [...images.objects].filter(([name]) => name.startsWith("variants/"));
    expect(stored.map(([name, { customMetadata }]) => [name, customMetadata.gen !== String(gen)])).toEqual(
      stored.map(([name]) => [name, true]),
    );
  });

  it("waits for the POSTs that were in flight when one was refused, because their jobs are made", async () => {
    const { shift, ledger, clock, ittybit, deps } = batchWorld();
    ledger.add(KEY);
    const { id } = ledger.add("photo/800-high.webp");
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        const first = order.metadata.key === KEY;
        await clock.sleep(first ? 50 : 250);
        return first ? { kind: "throttled", retryAfterMs: 60_000 } : ittybit.submit(order);
      },
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "throttled" }]);
    expect(ledger.submitted).toMatchObject([{ id, job: "job_000001", createdAt: expect.any(Number) }]);
    expect(ledger.outcomes.get("photo/800-high.webp")).toMatchObject([{ kind: "stored" }]);
  });

  it.each([401, 402, 403])("gives every other job back when the account is refused with %d", async (status) => {
    const { shift, ledger, ittybit, clock } = batchWorld();
    const since = clock.now();
    const postedAt: number[] = [];
    ittybit.refuse = () => {
      postedAt.push(clock.now() - since);
      return { kind: "account", status, message: "no" };
    };
    for (const key of keysOf(20)) ledger.add(key);
    await shift();
    // Those that were under way; one probe of the breaker after half a minute.
    expect(postedAt.filter((ms) => ms < 30_000).length).toBeLessThanOrEqual(6);
    expect(postedAt.filter((ms) => ms >= 30_000)).toHaveLength(1);
    expect(new Set(ledger.kinds())).toEqual(new Set(["account", "unposted"]));
    expect(ledger.outcomes.get(keysOf(1)[0] ?? "")?.[0]).toEqual({ kind: "account", status, message: "no" });
  });

  it("counts a refused request as a failure of that variant alone", async () => {
    const { shift, ledger, ittybit, images } = batchWorld();
    const failure = { code: "upstream_rejected", message: "format", httpStatus: 400 };
    ittybit.refuse = () => ({ kind: "rejected", failure });
    ledger.add(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "failed", class: "permanent", failure, external: "none" }]);
    expect(images.objects.has(`dead/${KEY}`)).toBe(true);
  });

  it("does not claim that no job exists when an earlier handler may have made one", async () => {
    const { shift, ledger, ittybit } = batchWorld();
    ledger.addLeft(KEY);
    ittybit.refuse = () => ({ kind: "rejected", failure: { code: "upstream_rejected", message: "no" } });
    await shift();
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "failed", external: "open" });
  });

  it("settles an unanswered POST as unclear, and repeats it under the same key: one job", async () => {
    const { shift, ledger, ittybit, clock } = batchWorld();
    let lost = 2;
    ittybit.lists = false;
    ittybit.refuse = () => (lost-- > 0 ? "lost" : null);
    const { gen } = ledger.add(KEY);
    for (let round = 0; round < 3; round += 1) {
      await shift();
      clock.advance(3_000);
    }
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "unclear" }, { kind: "unclear" }, { kind: "stored" }]);
    expect(ittybit.calls.filter((call) => call.startsWith("submit"))).toEqual(Array(3).fill(`submit pw-L1-${gen}`));
    expect(ittybit.jobs).toHaveLength(1);
  });

  it("sends the same POST again, hours and handlers later", async () => {
    const { shift, ledger, ittybit, deps, clock } = batchWorld();
    const originals = createMemoryBucket();
    await originals.bucket.put("photo", await picture("jpeg", 1000, 500));
    deps.config = defineConfig({ sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] });
    deps.originals.bucket = () => originals.bucket;
    deps.originals.bucketOriginalUrl = async (id, at) => `https://edge.example.com/${id}?exp=${at}`;
    const orders: JobOrder[] = [];
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        orders.push(order);
        return { kind: "unclear", failure: { code: "upstream_unreachable", message: "reset" } };
      },
    };
    const { grantedAt } = ledger.addLeft(KEY);
    await shift();
    clock.advance(3_600_000);
    await shift();
    expect(orders).toHaveLength(2);
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[0]?.input).toBe(`https://edge.example.com/photo?exp=${grantedAt}`);
  });

  it("tells the engine that a POST is repeated, so that a refusal does not count as one of the order", async () => {
    const { shift, ledger, ittybit, deps } = batchWorld();
    const orders: JobOrder[] = [];
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        orders.push(order);
        return ittybit.submit(order);
      },
    };
    ledger.add(KEY);
    await shift();
    ledger.addLeft("photo/800-high.webp");
    await shift();
    expect(orders.map(({ again }) => again)).toEqual([false, true]);
  });

  it("looks for the job by its metadata when the repeated POST has no answer either", async () => {
    const { shift, ledger, ittybit } = batchWorld();
    const options = { width: 400, format: "webp", quality: "high" } as const;
    const { gen } = ledger.addLeft(KEY);
    const metadata = { ledger: "L1", gen: String(gen), key: KEY };
    await ittybit.submit({ input: ORIGINAL, options, idempotencyKey: `pw-L1-${gen}`, metadata });
    ittybit.refuse = () => "lost";
    await shift();
    expect(ledger.submitted).toMatchObject([{ gen, job: "job_000001" }]);
    expect(ittybit.jobs).toHaveLength(1);
  });

  describe("a POST whose key was taken before", () => {
    const conflict = {
      kind: "unclear" as const,
      failure: { code: "upstream_conflict", message: "another body under this key", httpStatus: 422 },
      lookFirst: true as const,
    };

    it("adopts the job that it finds by its metadata, and makes none", async () => {
      const { shift, ledger, ittybit } = batchWorld();
      // No handler of this ledger has sent this POST before.
      const { gen } = ledger.add(KEY);
      const metadata = { ledger: "L1", gen: String(gen), key: KEY };
      const other = { ...metadata, gen: String(gen - 1) };
      const options = { width: 400, format: "webp", quality: "high" } as const;
      for (const [idempotencyKey, data] of Object.entries({ "pw-L1-0": other, [`pw-L1-${gen}`]: metadata }))
        await ittybit.submit({ input: ORIGINAL, options, idempotencyKey, metadata: data });
      ittybit.refuse = () => conflict;
      await shift();
      expect(ledger.submitted).toMatchObject([{ gen, job: "job_000002" }]);
      expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "stored" }]);
      expect(ittybit.jobs).toHaveLength(2);
    });

    it.each<[string, (world: ReturnType<typeof batchWorld>) => void]>([
      ["no job of its own", () => undefined],
      ["no list", ({ ittybit }) => Object.assign(ittybit, { lists: false })],
      ["no answer", ({ ittybit }) => Object.assign(ittybit, { blind: () => ({ ...conflict, lookFirst: undefined }) })],
    ])("is unclear where it finds %s", async (_name, prepare) => {
      const world = batchWorld();
      const { shift, ledger, ittybit } = world;
      prepare(world);
      ittybit.refuse = () => conflict;
      ledger.addLeft(KEY);
      await shift();
      expect(ledger.outcomes.get(KEY)).toEqual([{ kind: "unclear", failure: conflict.failure }]);
      expect(ittybit.jobs).toEqual([]);
    });
  });

  it("leaves the result to the step that fetches it when its POST fails after its job has ended", async () => {
    const { shift, ledger, ittybit, deps, clock, web } = batchWorld();
    const fetching = Promise.withResolvers<void>();
    web.set(`${OUTPUT_HOST}/job_000001`, async () => {
      fetching.resolve();
      await clock.sleep(400);
      return new Response(await clock.during(picture("webp", 400, 200)));
    });
    ledger.add(KEY);
    deps.ittybit = {
      ...ittybit,
      submit: async (order) => {
        const made = await ittybit.submit(order);
        // The poller finds it by its metadata and sees it end; the answer to the POST is lost while its result is
        // fetched.
        if (made.kind === "made") ledger.see({ found: [made.job] });
        await fetching.promise;
        return { kind: "unclear", failure: { code: "upstream_unreachable", message: "reset" } };
      },
    };
    await shift();
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "stored" }]);
    expect(ledger.row(KEY)).toBeNull();
  });

  it("never orders a size above that of the original", async () => {
    const { shift, ittybit, ledger } = batchWorld();
    for (const name of ["1600-high.avif", "x800-high.jpeg", "2000x2000-cover-high.webp", "orig-low.png"])
      ledger.add(`photo/${name}`);
    await shift();
    const options = ittybit.jobs.map(({ order }) => order.options);
    expect(options).toContainEqual({ width: 1000, format: "avif", quality: "high" });
    expect(options).toContainEqual({ height: 500, format: "jpeg", quality: "high" });
    expect(options).toContainEqual({ width: 500, height: 500, fit: "cover", format: "webp", quality: "high" });
    expect(options).toContainEqual({ format: "png", quality: "low" });
    expect(ledger.kinds()).toEqual(["stored", "stored", "stored", "stored"]);
  });

  it("needs one call of Ittybit a variant, and one read of the original", async () => {
    const { shift, ledger, ittybit, fetched } = batchWorld({ gate: { concurrency: 1_000 } });
    for (const key of keysOf(100)) ledger.add(key);
    await shift();
    expect(ledger.kinds()).toEqual(keysOf(100).map(() => "stored"));
    expect(ittybit.calls).toHaveLength(100);
    expect(fetched.filter(({ url }) => url.includes("/originals/"))).toHaveLength(1);
  });
});

describe("originals that no variant can come of", () => {
  it("marks a missing original for a minute, then twice as long each time, up to an hour; nothing is submitted", async () => {
    const { shift, ledger, web, clock, images, ittybit } = batchWorld();
    web.set(ORIGINAL, () => new Response("no", { status: 404 }));
    const lives: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      ledger.add(KEY);
      ledger.add("photo/800-high.webp");
      const since = clock.now();
      await shift();
      const outcome = ledger.lastOutcome(KEY);
      lives.push(outcome?.kind === "refused" ? outcome.until - since : 0);
      expect(ledger.lastOutcome("photo/800-high.webp")).toEqual(outcome);
      clock.advance(60_000);
    }
    expect(lives).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600].map((seconds) => seconds * 1000));
    const marker = new TextDecoder().decode(images.objects.get("dead/photo/_")?.bytes);
    expect(JSON.parse(marker)).toMatchObject({ code: "missing" });
    expect(images.objects.has(`dead/${KEY}`)).toBe(false);
    expect(ittybit.calls).toEqual([]);
  });

  it("counts a missing original once a shift, however many of its variants are asked for one after another", async () => {
    const { shift, ledger, web } = batchWorld();
    web.set(ORIGINAL, () => new Response("no", { status: 404 }));
    ledger.add(KEY);
    ledger.before = () => {
      if (ledger.requests.length === 1) ledger.add("photo/800-high.webp");
    };
    await shift();
    expect(ledger.lastOutcome(KEY)?.kind).toBe("refused");
    expect(ledger.lastOutcome("photo/800-high.webp")).toEqual(ledger.lastOutcome(KEY));
  });

  it("refuses one with a longer edge than Ittybit takes before it is paid for, and names the setting", async () => {
    const { shift, ledger, deps, ittybit } = batchWorld();
    deps.config = defineConfig({ ...deps.config, limits: { ...deps.config.limits, originalMaxEdge: 999 } });
    ledger.add(KEY);
    await shift();
    expect(ledger.lastOutcome(KEY)).toMatchObject({ kind: "refused", code: "too_large" });
    expect(JSON.stringify(ledger.lastOutcome(KEY))).toContain("limits.originalMaxEdge");
    expect(ittybit.calls).toEqual([]);
  });

  it("refuses HTML in place of an image, with a marker and no job", async () => {
    const { shift, ledger, web, images, ittybit } = batchWorld();
    web.set(ORIGINAL, () => new Response("<!doctype html><title>Not found</title>"));
    ledger.add(KEY);
    await shift();
    expect(ledger.lastOutcome(KEY)).toMatchObject({
      kind: "refused",
      code: "unshowable",
      message: "the original is html",
    });
    expect(JSON.parse(new TextDecoder().decode(images.objects.get("dead/photo/_")?.bytes))).toMatchObject({
      code: "unshowable",
    });
    expect(ittybit.calls).toEqual([]);
  });

  it("writes its marker once a shift for all variants of the image", async () => {
    const { shift, ledger, web, images } = batchWorld();
    web.set(ORIGINAL, () => new Response("<!doctype html>"));
    for (const key of [KEY, "photo/800-high.webp", "photo/1080-high.webp"]) ledger.add(key);
    await shift();
    expect(images.calls.filter((call) => call.startsWith("put dead/"))).toEqual(["put dead/photo/_"]);
  });

  it.each([500, 503, 403])("counts an origin that answers %d as an attempt", async (status) => {
    const { shift, ledger, web } = batchWorld();
    web.set(ORIGINAL, () => new Response("", { status }));
    ledger.add(KEY);
    await shift();
    const failure = { code: "original_unreachable", message: `the origin answered HTTP ${status}`, httpStatus: status };
    expect(ledger.outcomes.get(KEY)).toEqual([
      { kind: "failed", class: "transient", failure, external: "none", origin: true },
    ]);
  });

  it("does not claim that no job exists when an earlier handler may have made one", async () => {
    const { shift, ledger, web } = batchWorld();
    web.set(ORIGINAL, () => new Response("", { status: 503 }));
    ledger.addLeft(KEY);
    await shift();
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "failed", external: "open" }]);
  });

  it("takes the image's marker away once the variant exists, and the variant's where its row had failed", async () => {
    const { shift, images, ledger, clock, web } = batchWorld();
    const markers = () => [...images.objects.keys()].filter((key) => key.startsWith("dead/"));
    await images.bucket.put("dead/photo/_", "{}");
    const other = "other/400-high.webp";
    await images.bucket.put(`dead/${other}`, "{}");
    ledger.add(KEY);
    ledger.add(other);
    web.set("https://cdn.example.com/originals/other", () => new Response("busy", { status: 503 }));
    await shift();
    expect(images.objects.has(`variants/${KEY}`)).toBe(true);
    expect(markers()).toEqual([`dead/${other}`]);
    web.clear();
    clock.advance(600_000);
    await shift();
    expect(images.objects.has(`variants/${other}`)).toBe(true);
    expect(markers()).toEqual([]);
  });

  it("deletes no marker that is not there: one head for an image, and a list for many", async () => {
    const { shift, images, ledger } = batchWorld();
    ledger.add(KEY);
    await shift();
    expect(images.calls.filter((call) => /dead|delete/.test(call))).toEqual(["head dead/photo/_"]);
    images.calls.length = 0;
    for (let n = 0; n < 20; n += 1) ledger.add(`many-${n}/400-high.webp`);
    await images.bucket.put("dead/many-7/_", "{}");
    images.calls.length = 0;
    await shift();
    const calls = images.calls.filter((call) => /dead|delete/.test(call));
    expect(calls.filter((call) => call !== "list dead/")).toEqual(["delete dead/many-7/_"]);
  });
});
