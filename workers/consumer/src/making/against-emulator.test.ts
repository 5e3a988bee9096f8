import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { systemClock } from "@prewarm/shared/clock";
import { defineConfig } from "@prewarm/shared/config";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createIttybit } from "../ittybit/client.ts";
import { message, wakeUp } from "../testing/batch-world.ts";
import { createFakeLedger, runClaim } from "../testing/fake-ledger.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { picture } from "../testing/pictures.ts";
import { consumeBatch } from "./consume-batch.ts";
import { nowhere } from "./crash-points.ts";

const KEY = "photo/400-high.webp";

let emulator: Emulator;
let origin: Server;
let portrait: Uint8Array;

beforeAll(async () => {
  emulator = await startEmulator({ seed: 1, jobMs: { min: 20, max: 60 } });
  portrait = new Uint8Array(
    await sharp(await picture("jpeg", 1200, 800))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer(),
  );
  origin = createServer(async (request, response) => {
    const bytes = request.url === "/portrait" ? portrait : await picture("png", 1000, 500);
    response.writeHead(200, { etag: '"e1"', "content-length": bytes.byteLength }).end(bytes);
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await emulator.close();
  origin.close();
});

beforeEach(() => {
  emulator.control.reset();
  emulator.control.configure({ profile: "reference", strict: false, clampEnlarge: false });
});

/** The real client and handler against the local Ittybit, real time and real pixels; only R2 and the ledger are in memory. */
function setup() {
  const ledger = createFakeLedger();
  ledger.answer.firstLookMs = 80;
  const images = createMemoryBucket();
  const { port } = origin.address() as AddressInfo;
  const ittybit = createIttybit({ baseUrl: emulator.apiUrl, apiKey: "local", fetch, clock: systemClock });
  let gen = 0;
  async function consume(keys: string[], claim: Partial<Parameters<typeof runClaim>[1]> = {}): Promise<void> {
    gen += 1;
    ledger.fallback = (_key, fresh) => runClaim(fresh, claim);
    await consumeBatch(
      { queue: "prewarm-work", messages: [message(wakeUp(keys))] },
      {
        config: defineConfig({ sources: [{ prefix: "", url: `http://127.0.0.1:${port}/{id}` }] }),
        clock: systemClock,
        sleep: (ms) => sleep(Math.min(ms, 300)),
        ledger,
        ittybit,
        images: images.bucket,
        originals: { fetch, bucket: () => null, bucketOriginalUrl: async () => null },
        fetch,
        allowLoopbackHttp: true,
        newOwner: () => `owner${gen}`,
        log: () => undefined,
        at: nowhere,
      },
    );
  }
  return { ledger, images, consume };
}

describe("against the local Ittybit", () => {
  it.each(["reference", "guide", "sdk", "v2025"] as const)("speaks its %s dialect from end to end", async (profile) => {
    emulator.control.configure({ profile, strict: true });
    const { ledger, images, consume } = setup();
    const keys = ["webp", "avif", "jpeg", "png"].map((format) => `photo/400-high.${format}`);
    await consume(keys);
    expect([...ledger.outcomes.values()].map(({ kind }) => kind)).toEqual(keys.map(() => "stored"));
    for (const key of keys) {
      const { width, height, format } = await sharp(images.objects.get(`variants/${key}`)?.bytes).metadata();
      expect([width, height, format === "heif" ? "avif" : format]).toEqual([400, 200, key.split(".")[1]]);
    }
  });

  it("makes of a portrait what a viewer sees, never larger than it is", async () => {
    const { images, consume } = setup();
    const keys = [
      "portrait/400-high.webp",
      "portrait/2048-high.webp",
      "portrait/x600-high.webp",
      "portrait/800x800-cover-high.webp",
      "portrait/orig-low.jpeg",
    ];
    await consume(keys);
    const sizes = keys.map(async (key) => {
      const { width, height } = await sharp(images.objects.get(`variants/${key}`)?.bytes).metadata();
      return [width, height];
    });
    expect(await Promise.all(sizes)).toEqual([
      [400, 600],
      [800, 1200],
      [400, 600],
      [800, 800],
      [800, 1200],
    ]);
  });

  it.each(["contain", "fill", "cover"])("takes what it makes of fit %s", async (fit) => {
    const { ledger, consume } = setup();
    await consume([`photo/300x300-${fit}-high.webp`]);
    expect([...ledger.outcomes.values()]).toMatchObject([{ kind: "stored" }]);
  });

  type Fault = Parameters<Emulator["control"]["addFault"]>[0]["fault"];

  it.each<[string, Fault, object, number]>([
    ["a 429", { type: "throttled", seconds: 7 }, { kind: "throttled" }, 0],
    ["a 402", { type: "status", status: 402 }, { kind: "account", status: 402 }, 0],
    ["a 400", { type: "status", status: 400 }, { kind: "failed", class: "permanent" }, 0],
    ["a 500", { type: "status", status: 500 }, { kind: "unclear", failure: { httpStatus: 500 } }, 0],
    ["an HTML 502", { type: "html" }, { kind: "unclear", failure: { httpStatus: 502 } }, 0],
    ["nonsense", { type: "malformed" }, { kind: "unclear" }, 1],
    ["a reset", { type: "reset" }, { kind: "unclear" }, 0],
    ["a lost answer", { type: "lost" }, { kind: "unclear" }, 1],
    [
      "a failed job",
      { type: "failed" },
      { kind: "failed", class: "transient", failure: { code: "upstream_failed", kind: "encode_failed" } },
      1,
    ],
    [
      "a failed job whose error is a string",
      { type: "failed", error: "no" },
      { kind: "failed", failure: { message: "no" } },
      1,
    ],
    ["a cancelled job", { type: "cancelled" }, { kind: "failed", failure: { code: "upstream_cancelled" } }, 1],
    ["a job without output", { type: "output_missing" }, { kind: "failed", failure: { code: "output_missing" } }, 1],
    ["a job of another size", { type: "wrong_dimension" }, { kind: "failed", failure: { code: "output_invalid" } }, 1],
    ["skewed clocks", { type: "skew", ms: -86_400_000 }, { kind: "stored" }, 1],
    [
      "an output that answers 403",
      { type: "output", as: "403" },
      { kind: "failed", failure: { code: "output_expired" } },
      1,
    ],
    [
      "an output that answers 404",
      { type: "output", as: "404" },
      { kind: "failed", failure: { code: "output_expired" } },
      1,
    ],
    ["an output that answers 500", { type: "output", as: "500" }, { kind: "pending" }, 1],
    [
      "an output that is HTML",
      { type: "output", as: "html" },
      { kind: "failed", failure: { code: "output_invalid" } },
      1,
    ],
    ["an output cut off", { type: "output", as: "truncated" }, {}, 1],
    ["an empty output", { type: "output", as: "empty" }, { kind: "failed", failure: { code: "output_invalid" } }, 1],
    [
      "a mislabelled output",
      { type: "output", as: "mislabelled" },
      { kind: "failed", failure: { code: "output_invalid" } },
      1,
    ],
    ["an output without a length", { type: "output", as: "chunked" }, { kind: "stored" }, 1],
    ["a huge output", { type: "output", as: "huge" }, { kind: "failed", failure: { code: "output_too_large" } }, 1],
    ["an output that redirects", { type: "output", as: "redirect" }, { kind: "stored" }, 1],
    [
      "an output that redirects inwards",
      { type: "output", as: "redirect", location: "http://169.254.169.254/" },
      { kind: "failed", failure: { code: "output_blocked" } },
      1,
    ],
    ["an output that resets", { type: "output", as: "reset" }, { kind: "pending" }, 1],
  ])("settles %s", async (_name, fault, expected, jobs) => {
    emulator.control.addFault({ fault });
    const { ledger, images, consume } = setup();
    await consume([KEY]);
    const outcome = ledger.outcomes.get(KEY);
    expect(outcome).toMatchObject(expected);
    expect(emulator.control.stats().createdJobs).toBe(jobs);
    expect(images.objects.has(`variants/${KEY}`)).toBe(outcome?.kind === "stored");
  });

  it("makes one job however often an answer is lost", async () => {
    emulator.control.addFault({ fault: { type: "lost" }, times: 3 });
    const { ledger, consume } = setup();
    for (let round = 0; round < 4; round += 1) {
      ledger.claims.set(KEY, runClaim(77, { granted: round === 0 ? "first" : "again", attempts: Math.min(round, 2) }));
      await consume([KEY]);
    }
    expect(ledger.outcomes.get(KEY)).toMatchObject({ kind: "stored", gen: 77 });
    expect(emulator.control.stats().createdJobs).toBe(1);
  });

  it("needs about one call a variant for a batch of fifty", async () => {
    emulator.control.configure({ pixels: "tiny" });
    const { ledger, consume } = setup();
    const keys = Array.from({ length: 20 }, (_, index) => `photo/${100 + index}-high.webp`);
    await consume(keys);
    expect([...ledger.outcomes.values()].every(({ kind }) => kind === "stored")).toBe(true);
    expect(emulator.control.requests(1000).length).toBeLessThanOrEqual(26);
  });
});
