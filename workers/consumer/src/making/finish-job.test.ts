import { describe, expect, it } from "vitest";
import { batchWorld, message, wakeUp } from "../testing/batch-world.ts";
import { OUTPUT_HOST } from "../testing/fake-ittybit.ts";
import { runClaim } from "../testing/fake-ledger.ts";
import { picture } from "../testing/pictures.ts";

const KEY = "photo/400-high.webp";
const URL_OF_RESULT = `${OUTPUT_HOST}/job_000001`;

describe("a job that ended badly", () => {
  it.each([
    [
      "failed",
      0,
      {
        class: "transient",
        failure: { code: "upstream_failed", message: "the encoder gave up", kind: "encode_failed" },
      },
    ],
    [
      "failed",
      1,
      {
        class: "permanent",
        failure: { code: "upstream_failed", message: "the encoder gave up", kind: "encode_failed" },
      },
    ],
    ["cancelled", 0, { class: "transient", failure: { code: "upstream_cancelled", message: "the job failed" } }],
  ] as const)("%s after %d attempts", async (ends, attempts, expected) => {
    const { consume, ledger, ittybit } = batchWorld();
    ledger.claims.set(KEY, runClaim(5, { attempts }));
    ittybit.plan = () => ({ ends });
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toEqual({ kind: "failed", posted: true, ended: true, ...expected });
  });

  it("is looked at a few times when it is done but names no result", async () => {
    const { consume, ledger, ittybit } = batchWorld();
    ittybit.plan = () => ({ output: null });
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({
      kind: "failed",
      class: "transient",
      failure: { code: "output_missing" },
    });
    expect(ittybit.calls.filter((call) => call.startsWith("get")).length).toBeGreaterThan(2);
  });
});

describe("a result that is not the variant never reaches R2", () => {
  it.each<[string, () => Promise<Response> | Response, string]>([
    ["HTML", () => new Response("<html>oops</html>"), "it is html, not webp"],
    ["nothing", () => new Response(new Uint8Array(0)), "it is empty"],
    ["another format", async () => new Response(await picture("jpeg", 400, 200)), "it is jpeg, not webp"],
    ["another size", async () => new Response(await picture("webp", 200, 100)), "it is 200 × 100, not 400 × 200"],
    [
      "half of it",
      async () => new Response((await picture("webp", 400, 200)).slice(0, 200)),
      "its webp data is cut off",
    ],
    ["text", () => new Response("internal error"), "it is not an image, not webp"],
  ])("%s", async (_name, respond, message_) => {
    const { consume, ledger, web, images } = batchWorld();
    web.set(URL_OF_RESULT, respond);
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({
      kind: "failed",
      class: "transient",
      failure: { code: "output_invalid", message: expect.stringContaining(message_) },
      ended: true,
    });
    expect(images.calls.filter((call) => call.startsWith("put variants/"))).toEqual([]);
  });
});

describe("fetching a result", () => {
  it("reads the job once more when the URL has expired, and takes the fresh one", async () => {
    const { consume, ledger, web, ittybit } = batchWorld();
    web.set(URL_OF_RESULT, () => {
      const job = ittybit.jobs[0];
      if (job !== undefined) job.output = `${OUTPUT_HOST}/fresh`;
      return new Response("", { status: 403 });
    });
    web.set(`${OUTPUT_HOST}/fresh`, async () => new Response(await picture("webp", 400, 200)));
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)?.kind).toBe("stored");
  });

  it.each([403, 404, 410])("gives a generation up whose URL answers %d twice", async (status) => {
    const { consume, ledger, web, fetched } = batchWorld();
    web.set(URL_OF_RESULT, () => new Response("", { status }));
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({
      kind: "failed",
      class: "transient",
      failure: { code: "output_expired" },
    });
    expect(fetched.filter(({ url }) => url === URL_OF_RESULT)).toHaveLength(2);
  });

  it("looks again later when the host does not answer: the job is done, so nothing is made anew", async () => {
    const { consume, ledger, web, clock } = batchWorld();
    web.set(URL_OF_RESULT, () => {
      throw new TypeError("fetch failed");
    });
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toEqual({ kind: "pending", due: clock.now() + 5_000 });
  });

  it("sends no credentials to the result's host", async () => {
    const { consume, fetched } = batchWorld();
    await consume([message(wakeUp([KEY]))]);
    const result = fetched.find(({ url }) => url === URL_OF_RESULT);
    expect([...(result?.headers.keys() ?? [])].sort()).toEqual(["accept", "accept-encoding"]);
  });

  it("fetches nothing from a private address, however the job names it", async () => {
    const { consume, ledger, ittybit, fetched } = batchWorld();
    ittybit.plan = () => ({ output: "https://169.254.169.254/latest/meta-data" });
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "failed", failure: { code: "output_blocked" } });
    expect(fetched.filter(({ url }) => url.includes("169.254"))).toEqual([]);
  });
});

describe("putting a result", () => {
  it("is refused when somebody wrote since the head, and looked at anew", async () => {
    const { consume, ledger, images, deps } = batchWorld();
    deps.at = async (point) => {
      if (point === "before-put") await images.bucket.put(`variants/${KEY}`, "newer");
    };
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "pending" });
    expect(new TextDecoder().decode(images.objects.get(`variants/${KEY}`)?.bytes)).toBe("newer");
  });

  it("replaces exactly the older object it saw", async () => {
    const { consume, ledger, images } = batchWorld();
    ledger.claims.set(KEY, runClaim(9, { floor: 8 }));
    await images.bucket.put(`variants/${KEY}`, "older");
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)?.kind).toBe("stored");
    expect(images.objects.get(`variants/${KEY}`)?.customMetadata.gen).toBe("9");
  });

  it("does not happen once the lease is lost", async () => {
    const { consume, ledger, images, web, clock } = batchWorld();
    ledger.renews = () => "lost";
    web.set(URL_OF_RESULT, async () => {
      clock.advance(70_000); // a download that stalls for longer than the lease
      return new Response(await picture("webp", 400, 200));
    });
    await consume([message(wakeUp([KEY]))]);
    expect(images.objects.size).toBe(0);
    expect(ledger.outcomes.size).toBe(0);
  });

  it("that fails is looked for again, without an attempt", async () => {
    const { consume, ledger, images, clock } = batchWorld();
    images.fails = (call) => call.startsWith("put variants/");
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toEqual({ kind: "pending", due: clock.now() + 5_000 });
  });

  it("is undone by its owner when the image was purged meanwhile", async () => {
    const { consume, ledger, images } = batchWorld();
    ledger.settles = (_key, outcome) => (outcome.kind === "stored" ? "delete" : "ok");
    await consume([message(wakeUp([KEY]))]);
    // What was noted of the image goes with the purge, which judges it by its generation.
    expect([...images.objects.keys()]).toEqual(["info/photo/_"]);
    expect(ledger.outcomes.get(KEY)).toEqual({ kind: "purged" });
  });

  it("is left alone by an owner that stalled before undoing it: what stands there now may be somebody else's", async () => {
    const { consume, ledger, images, clock, deps } = batchWorld();
    ledger.settles = (_key, outcome) => (outcome.kind === "stored" ? "delete" : "ok");
    ledger.renews = () => "lost";
    deps.at = async (point) => {
      if (point === "before-delete") clock.advance(300_000);
    };
    await consume([message(wakeUp([KEY]))]);
    expect([...images.objects.keys()]).toContain(`variants/${KEY}`);
    expect(images.calls.filter((call) => call.startsWith("delete variants/"))).toEqual([]);
    expect(ledger.outcomes.get(KEY)?.kind).toBe("stored");
  });
});

describe("a dead end's marker", () => {
  it("is written before the settle, for the attempt that is the last", async () => {
    const { consume, ledger, ittybit, images, deps } = batchWorld();
    ledger.claims.set(KEY, runClaim(5, { attempts: 4 }));
    ittybit.refuse = () => "lost";
    const order: string[] = [];
    deps.at = async (point) => void order.push(point);
    await consume([message(wakeUp([KEY]))]);
    expect(JSON.parse(new TextDecoder().decode(images.objects.get(`dead/${KEY}`)?.bytes))).toMatchObject({
      code: "upstream_unreachable",
    });
    expect(order.indexOf("marker-written")).toBeLessThan(order.indexOf("before-settle"));
  });

  it("is not written while there are attempts left", async () => {
    const { consume, ledger, ittybit, images } = batchWorld();
    ledger.claims.set(KEY, runClaim(5, { attempts: 2 }));
    ittybit.refuse = () => "lost";
    await consume([message(wakeUp([KEY]))]);
    expect(images.objects.size).toBe(0);
  });

  it("that cannot be written keeps the row open", async () => {
    const { consume, ledger, ittybit, images } = batchWorld();
    ittybit.refuse = () => ({ kind: "rejected", failure: { code: "upstream_rejected", message: "no" } });
    images.fails = (call) => call.startsWith("put dead/");
    await consume([message(wakeUp([KEY]))]);
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "pending" });
  });
});
