import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { systemClock } from "@prewarm/shared/clock";
import { WORK_MESSAGE } from "@prewarm/shared/messages";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createIttybit } from "../ittybit/client.ts";
import { jobOrder } from "../ittybit/job-order.ts";
import { noSpan } from "../platform/span.ts";
import { AUTHOR, geotagged } from "../testing/geotagged.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { picture } from "../testing/pictures.ts";
import { countedHost, type EngineHost, ittybitOver } from "../testing/test-service.ts";
import type { BatchDeps } from "./batch-context.ts";
import { consumeBatch } from "./consume-batch.ts";
import { nowhere } from "./crash-points.ts";
import { message } from "./testing/batch-world.ts";
import { RecordingLedger } from "./testing/recording-ledger.ts";

const KEY = "photo/400-high.webp";

let emulator: Emulator;
let origin: Server;
let portrait: Uint8Array;
let tagged: Uint8Array;
let marked: Uint8Array;
/** A disc; its corners are transparent. */
let cutOut: Uint8Array;
/** With an alpha channel: no pixel of the one is transparent, and of the other a single one a little. */
let opaque: Uint8Array;
let nearlyOpaque: Uint8Array;
/** Where the red mark of `marked` is. */
const MARK = [0.05, 0.5] as const;

async function isRedSeen(bytes: Uint8Array): Promise<boolean> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  for (let at = 0; at < data.length; at += info.channels)
    if ((data[at] ?? 0) > 180 && (data[at + 1] ?? 255) < 70 && (data[at + 2] ?? 255) < 70) return true;
  return false;
}

beforeAll(async () => {
  emulator = await startEmulator({ seed: 1, jobMs: { min: 20, max: 60 } });
  portrait = new Uint8Array(
    await sharp(await picture("jpeg", 1200, 800))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer(),
  );
  tagged = await geotagged("jpeg", 1000, 500);
  const red = { create: { width: 40, height: 40, channels: 3, background: "#e01010" } } as const;
  marked = await sharp({ create: { width: 1200, height: 400, channels: 3, background: "#ffffff" } })
    .composite([{ input: await sharp(red).png().toBuffer(), left: 40, top: 180 }])
    .png()
    .toBuffer();
  const disc = Buffer.from('<svg width="600" height="600"><circle cx="300" cy="300" r="290" fill="#e01010"/></svg>');
  cutOut = await sharp(disc).png().toBuffer();
  const grey = { width: 1000, height: 500, channels: 4, background: { r: 90, g: 90, b: 90, alpha: 1 } } as const;
  const pixels = await sharp({ create: grey }).raw().toBuffer();
  const asPng = (raw: Buffer) => sharp(raw, { raw: grey }).png().toBuffer();
  opaque = await asPng(pixels);
  pixels[4 * (250 * grey.width + 500) + 3] = 200;
  nearlyOpaque = await asPng(pixels);
  origin = createServer(async (request, response) => {
    const made: Record<string, Uint8Array> = {
      "/portrait": portrait,
      "/geotagged": tagged,
      "/marked": marked,
      "/cut-out": cutOut,
      "/opaque": opaque,
      "/nearly-opaque": nearlyOpaque,
    };
    const bytes = made[request.url ?? ""] ?? (await picture("png", 1000, 500));
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
  emulator.control.configure({ profile: "reference", strict: false, clampEnlarge: false, keepMetadata: false });
});

/** How much faster the time of ledger and handler passes than that of the local Ittybit. */
const FASTER = 5;

/** Real time, but faster, and a test may advance it. After the test no sleep ends, so the collector's loop stops. */
function fastClock() {
  const bornAt = Date.now();
  let [advanced, isOver] = [0, false];
  onTestFinished(() => {
    isOver = true;
  });
  return {
    now: () => Math.round(bornAt + FASTER * (Date.now() - bornAt) + advanced),
    random: () => systemClock.random(),
    sleep: (ms: number) => (isOver ? new Promise<never>(() => undefined) : sleep(ms / FASTER)),
    advance(ms: number) {
      advanced += ms;
    },
  };
}

/** The real client, handler and ledger against the local Ittybit, real time and real pixels; only R2 is in memory. */
function setup(limits: TestSite["limits"] = {}) {
  const images = createMemoryBucket();
  const clock = fastClock();
  const { port } = origin.address() as AddressInfo;
  const ittybit = createIttybit({ baseUrl: emulator.apiUrl, apiKey: "local", fetch, clock });
  const config = testSite({ sources: [{ prefix: "", url: `http://127.0.0.1:${port}/{id}` }], limits });
  const host = {
    clock,
    fetch,
    log: () => undefined,
    sleep: clock.sleep,
    living: <T extends object>(target: T) => target,
  };
  const engine = ittybitOver(() => ittybit, { allowLoopbackHttp: true });
  const watch = (sleep: EngineHost["sleep"]) => engine({ ...host, sleep }).observe;
  const ledger = new RecordingLedger({ config, clock, watch });
  clock.advance(60_000); // until the bucket of tokens is full
  const deps: BatchDeps = {
    config,
    clock,
    ledger,
    newEngine: (called) => engine(countedHost(host, called)),
    sleep: clock.sleep,
    images: images.bucket,
    originals: { fetch, bucket: () => null, bucketOriginalUrl: null, stagedUrl: null },
    newOwner: () => crypto.randomUUID(),
    log: () => undefined,
    span: noSpan,
    at: nowhere,
  };
  /** Runs workers until each of these keys has one more outcome. Orders those without a row. */
  async function consume(keys: string[]): Promise<void> {
    for (const key of keys) if (ledger.row(key) === null) ledger.add(key);
    const outcomes = (key: string) => ledger.outcomes.get(key)?.length ?? 0;
    const before = new Map(keys.map((key) => [key, outcomes(key)]));
    for (let shifts = 0; shifts < 100 && keys.some((key) => outcomes(key) === before.get(key)); shifts += 1) {
      await consumeBatch({ queue: "prewarm-work", messages: [message(WORK_MESSAGE)] }, "work", deps, () => {});
      await clock.sleep(100);
    }
  }
  return { ledger, images, ittybit, clock, consume, original: `http://127.0.0.1:${port}/photo` };
}

describe("against the local Ittybit", () => {
  it.each(["reference", "guide", "sdk", "v2025"] as const)("speaks its %s dialect from end to end", async (profile) => {
    emulator.control.configure({ profile, strict: true });
    const { ledger, images, consume } = setup();
    const keys = ["webp", "avif", "jpeg", "png"].map((format) => `photo/400-high.${format}`);
    await consume(keys);
    expect(ledger.kinds()).toEqual(keys.map(() => "stored"));
    for (const key of keys) {
      const { width, height, format } = await sharp(images.objects.get(`variants/${key}`)?.bytes).metadata();
      expect([width, height, format === "heif" ? "avif" : format]).toEqual([400, 200, key.split(".")[1]]);
    }
  });

  it("makes a portrait upright, and never larger than the original", async () => {
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

  it("cuts crops so that they show the focal point, and cuts the stored ones again when it moves", async () => {
    const { ledger, images, consume } = setup();
    const keys = ["marked/200x200-cover-high.webp", "marked/150x200-cover-high.avif", "marked/900x400-cover-high.jpeg"];
    const whole = "marked/400-high.webp";
    const seen = () =>
      Promise.all(keys.map(async (key) => isRedSeen(images.objects.get(`variants/${key}`)?.bytes ?? new Uint8Array())));
    await consume([...keys, whole]);
    expect(await seen()).toEqual([false, false, false]);
    ledger.engine.setFocal("marked", MARK, "test");
    await consume(keys);
    expect(await seen()).toEqual([true, true, true]);
    ledger.engine.setFocal("marked", [0.95, 0.5], "test");
    await consume([...keys, whole]);
    expect(await seen()).toEqual([false, false, false]);
    // The whole picture was there, and no crop was made twice of one point.
    expect(ledger.lastOutcome(whole)?.kind).toBe("present");
    expect(emulator.control.stats().createdJobs).toBe(1 + 3 * keys.length);
  });

  it("never turns transparent pixels black: the JPEG of such an original is a PNG, also if another handler finishes it", async () => {
    const { ledger, images, consume } = setup();
    const keys = ["cut-out/400-high.jpeg", "cut-out/300x300-cover-high.jpeg", "cut-out/300x300-contain-high.jpeg"];
    const opaque = "photo/400-high.jpeg";
    await consume([...keys, opaque, "cut-out/2048-high.jpeg"]);
    expect(ledger.kinds()).toEqual(["stored", "stored", "stored", "stored", "stored"]);
    for (const key of keys) {
      const object = images.objects.get(`variants/${key}`);
      const corner = await sharp(object?.bytes).ensureAlpha().extract({ left: 2, top: 2, width: 1, height: 1 });
      expect([key, object?.httpMetadata.contentType, (await corner.raw().toBuffer())[3]]).toEqual([
        key,
        "image/png",
        0,
      ]);
    }
    expect(images.objects.get(`variants/${opaque}`)?.httpMetadata.contentType).toBe("image/jpeg");
  });

  it.each([
    ["opaque", "image/jpeg", 6],
    ["nearly-opaque", "image/png", 4],
    ["cut-out", "image/png", 4],
  ])("makes the JPEGs of the %s original as %s, with at most %d jobs", async (image, type, most) => {
    const { ledger, images, consume } = setup();
    const keys = ["480-high.webp", "480-high.jpeg", "400x200-cover-high.jpeg"].map((name) => `${image}/${name}`);
    await consume(keys);
    await consume(keys.filter((key) => ledger.row(key) !== null));
    await consume([`${image}/320-high.jpeg`]);
    const types = [...keys.slice(1), `${image}/320-high.jpeg`].map(
      (key) => images.objects.get(`variants/${key}`)?.httpMetadata.contentType,
    );
    expect(types).toEqual([type, type, type]);
    expect(emulator.control.stats().createdJobs).toBeLessThanOrEqual(most);
  });

  it("stores no position and no author that Ittybit leaves in a result", async () => {
    emulator.control.configure({ keepMetadata: true });
    const { ledger, images, ittybit, consume } = setup();
    const keys = ["webp", "avif", "jpeg", "png"].map((format) => `geotagged/400-high.${format}`);
    await consume(keys);
    expect(ledger.kinds()).toEqual(keys.map(() => "stored"));
    const look = await ittybit.get(emulator.control.jobs()[0]?.id ?? "");
    const said = await (await fetch(look.kind === "job" ? (look.job.output ?? "") : "")).arrayBuffer();
    expect(Buffer.from(said).includes(AUTHOR)).toBe(true);
    for (const key of keys) {
      const bytes = Buffer.from(images.objects.get(`variants/${key}`)?.bytes ?? []);
      expect([key, bytes.byteLength > 100, bytes.includes(AUTHOR), bytes.includes("xmpmeta")]).toEqual([
        ...[key, true, false, false],
      ]);
    }
  });

  it.each(["contain", "fill", "cover"])("accepts what Ittybit makes of fit %s", async (fit) => {
    const { ledger, consume } = setup();
    await consume([`photo/300x300-${fit}-high.webp`]);
    expect(ledger.kinds()).toEqual(["stored"]);
  });

  it.each([409, 422] as const)(
    "adopts the job of a POST without answer whose repetition is refused with %d",
    async (status) => {
      emulator.control.configure({ idempotencyConflict: status });
      onTestFinished(() => emulator.control.configure({ idempotencyConflict: "replay" }));
      const { ledger, ittybit, consume, original } = setup();
      const { gen } = ledger.addLeft(KEY);
      // Another server of the origin told another etag.
      const about = {
        ledger: "L1",
        gen,
        key: KEY,
        input: original,
        size: { width: 1000, height: 500 },
        etag: '"e0"',
      };
      const transform = { width: 400, height: null, fit: null, pos: null, quality: "high", format: "webp" } as const;
      const made = await ittybit.submit(
        jobOrder({ ...about, transform, format: "webp", focal: null, alpha: false, again: false }),
      );
      const jobs = emulator.control.stats().createdJobs;
      await consume([KEY]);
      expect(ledger.submitted).toMatchObject([{ gen, job: made.kind === "made" ? made.job.id : "none" }]);
      expect(ledger.kinds()).toEqual(["stored"]);
      expect(emulator.control.stats().createdJobs).toBe(jobs);
    },
  );

  const unfetched = (code: string) => ({ kind: "pending", unfetched: { code } });

  it.each(["403", "404", "500", "html", "truncated", "empty", "reset"] as const)(
    "pays once for a result whose host first answers with %s",
    async (as) => {
      emulator.control.addFault({ fault: { type: "output", as }, times: 1, per: "job" });
      const { ledger, clock, consume } = setup();
      await consume([KEY]);
      clock.advance(5_000);
      await consume([KEY]);
      expect(ledger.lastOutcome(KEY)?.kind).toBe("stored");
      expect(emulator.control.stats().createdJobs).toBe(1);
    },
  );

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
      { kind: "failed", class: "once", failure: { code: "upstream_failed", kind: "encode_failed" } },
      1,
    ],
    [
      "a failed job whose error is a string",
      { type: "failed", error: "no" },
      { kind: "failed", failure: { message: "no" } },
      1,
    ],
    ["a cancelled job", { type: "cancelled" }, { kind: "failed", failure: { code: "upstream_cancelled" } }, 1],
    ["a job without output", { type: "output_missing" }, { kind: "pending" }, 1],
    ["a job of another size", { type: "wrong_dimension" }, { kind: "failed", failure: { code: "output_invalid" } }, 1],
    ["skewed clocks", { type: "skew", ms: -86_400_000 }, { kind: "stored" }, 1],
    ["an output that answers 403", { type: "output", as: "403" }, unfetched("output_private"), 1],
    ["an output that answers 404", { type: "output", as: "404" }, unfetched("output_expired"), 1],
    ["an output that answers 500", { type: "output", as: "500" }, unfetched("output_unreachable"), 1],
    ["an output that is HTML", { type: "output", as: "html" }, unfetched("output_invalid"), 1],
    ["an output cut off", { type: "output", as: "truncated" }, { kind: "pending" }, 1],
    ["an empty output", { type: "output", as: "empty" }, unfetched("output_invalid"), 1],
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
    ["an output that resets", { type: "output", as: "reset" }, unfetched("output_unreachable"), 1],
  ])("settles %s", async (_name, fault, expected, jobs) => {
    emulator.control.addFault({ fault });
    const { ledger, images, consume } = setup({ maxAttempts: 1 });
    await consume([KEY]);
    const outcome = ledger.outcomes.get(KEY)?.[0];
    expect(outcome).toMatchObject(expected);
    expect(emulator.control.stats().createdJobs).toBe(jobs);
    expect(images.objects.has(`variants/${KEY}`)).toBe(outcome?.kind === "stored");
  });

  it("makes one job however often an answer is lost", async () => {
    emulator.control.addFault({ fault: { type: "lost" }, times: 3 });
    const { ledger, clock, consume } = setup();
    for (let round = 0; round < 2; round += 1) {
      await consume([KEY]);
      clock.advance(3_000);
    }
    // The second was not answered either: the job was looked for by its metadata.
    expect(ledger.outcomes.get(KEY)).toMatchObject([{ kind: "unclear" }, { kind: "stored" }]);
    expect(emulator.control.stats().createdJobs).toBe(1);
  });

  it("needs one POST a variant", async () => {
    emulator.control.configure({ pixels: "tiny" });
    const { ledger, consume } = setup();
    const keys = Array.from({ length: 20 }, (_, index) => `photo/${100 + index}-high.webp`);
    await consume(keys);
    expect(ledger.kinds().every((kind) => kind === "stored")).toBe(true);
    expect(emulator.control.stats().createdJobs).toBe(20);
    expect(emulator.control.requests(1000).filter(({ method }) => method === "POST")).toHaveLength(20);
  });
});
