import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { negotiate } from "@prewarm/shared/accept";
import { systemClock } from "@prewarm/shared/clock";
import { defineConfig } from "@prewarm/shared/config";
import { WORK_MESSAGE } from "@prewarm/shared/messages";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createIttybit } from "../../workers/consumer/src/ittybit/client.ts";
import type { BatchDeps } from "../../workers/consumer/src/making/batch-context.ts";
import { consumeBatch } from "../../workers/consumer/src/making/consume-batch.ts";
import { nowhere } from "../../workers/consumer/src/making/crash-points.ts";
import { message } from "../../workers/consumer/src/making/testing/batch-world.ts";
import { RecordingLedger } from "../../workers/consumer/src/making/testing/recording-ledger.ts";
import { noSpan } from "../../workers/consumer/src/platform/span.ts";
import { createMemoryBucket } from "../../workers/consumer/src/testing/memory-bucket.ts";
import { countedHost, ittybitOver } from "../../workers/consumer/src/testing/test-service.ts";
import { setup } from "../../workers/edge/src/testing/setup.ts";
import { photos } from "../e2e/photo-originals.ts";

/*
 * Real originals, the real client, handler, ledger and edge, and the local Ittybit with real encoders: only R2 is in
 * memory. What the edge answers to f=auto is compared with what lies in R2.
 */

const WIDTHS = [16, 64, 320, 640];
const ACCEPTS = {
  "a browser with AVIF": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
  "one without AVIF": "image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
  "one that refuses WebP": "image/avif,image/webp;q=0,image/*",
  "a script": "*/*",
};

let emulator: Emulator;
let origin: Server;
const originals = new Map<string, Buffer>();

const svg = (width: number, height: number, body: string) =>
  sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`))
    .png()
    .toBuffer();

/** A window of text lines on white, as dark bars of the lengths of words. */
function screenshot(): Promise<Buffer> {
  const words = Array.from({ length: 40 }, (_, line) =>
    Array.from({ length: 12 }, (_, n) => {
      const [x, y] = [80 + n * 95, 70 + line * 18];
      return `<rect x="${x}" y="${y}" width="${20 + ((line * 7 + n * 13) % 60)}" height="9" fill="#24292f"/>`;
    }).join(""),
  );
  return svg(
    1280,
    800,
    `<rect width="1280" height="800" fill="#fff"/><rect width="1280" height="40" fill="#e1e4e8"/>${words.join("")}`,
  );
}

function chart(): Promise<Buffer> {
  const bars = Array.from({ length: 24 }, (_, n) => {
    const height = 60 + ((n * 97) % 500);
    return `<rect x="${60 + n * 48}" y="${660 - height}" width="32" height="${height}" fill="hsl(${n * 15} 60% 50%)"/>`;
  });
  return svg(
    1280,
    720,
    `<rect width="1280" height="720" fill="#fff"/>${bars.join("")}<path d="M60 660H1230" stroke="#000"/>`,
  );
}

const logo = () =>
  svg(700, 700, '<rect width="700" height="700" fill="#06f"/><circle cx="350" cy="350" r="220" fill="#fff"/>');

beforeAll(async () => {
  emulator = await startEmulator({ seed: 1, jobMs: { min: 5, max: 20 } });
  const [first, second] = await photos(2);
  const made = {
    "photo-1": first,
    "photo-2": second,
    screenshot: await screenshot(),
    chart: await chart(),
    logo: await logo(),
  };
  for (const [name, bytes] of Object.entries(made)) if (bytes !== undefined) originals.set(name, bytes);
  origin = createServer((request, response) => {
    const bytes = originals.get(request.url?.slice(1) ?? "") ?? Buffer.alloc(0);
    response.writeHead(200, { etag: `"${request.url}"`, "content-length": bytes.byteLength }).end(bytes);
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
}, 60_000);

afterAll(async () => {
  await emulator.close();
  origin.close();
});

/** Makes these variants, and gives what is in R2 then. */
async function make(keys: string[]) {
  const images = createMemoryBucket();
  const { port } = origin.address() as AddressInfo;
  let [ahead, isOver] = [0, false];
  // After the test no sleep ends, so the collector's loop stops.
  onTestFinished(() => {
    isOver = true;
  });
  const wait = (ms: number) => (isOver ? new Promise<never>(() => undefined) : sleep(ms));
  const clock = { ...systemClock, now: () => systemClock.now() + ahead, sleep: wait };
  const config = defineConfig({ sources: [{ prefix: "", url: `http://127.0.0.1:${port}/{id}` }] });
  const ittybit = createIttybit({ baseUrl: emulator.apiUrl, apiKey: "local", fetch, clock });
  const host = { clock, fetch, log: () => undefined, sleep: wait, living: <T extends object>(target: T) => target };
  const engine = ittybitOver(() => ittybit, { allowLoopbackHttp: true });
  const ledger = new RecordingLedger({ config, clock, watch: (sleep) => engine({ ...host, sleep }).observe });
  // Until the bucket of tokens is full.
  ahead = 60_000;
  const deps: BatchDeps = {
    config,
    clock,
    ledger,
    sleep: wait,
    log: () => undefined,
    span: noSpan,
    at: nowhere,
    newEngine: (called) => engine(countedHost(host, called)),
    images: images.bucket,
    originals: { fetch, bucket: () => null, bucketOriginalUrl: null, stagedUrl: null },
    newOwner: () => crypto.randomUUID(),
  };
  for (const key of keys) ledger.add(key);
  const isStored = (key: string) => images.objects.has(`variants/${key}`);
  for (let shifts = 0; shifts < 100 && !keys.every(isStored); shifts += 1)
    await consumeBatch({ queue: "prewarm-work", messages: [message(WORK_MESSAGE)] }, "work", deps, (work) => work);
  return { images, config };
}

it("every answer to f=auto is the smallest that is stored and accepted: photos, a screenshot, a chart, a logo", async () => {
  const keys = [...originals.keys()].flatMap((name) =>
    WIDTHS.flatMap((width) => ["avif", "webp", "jpeg"].map((format) => `${name}/${width}-high.${format}`)),
  );
  const { images, config } = await make(keys);
  const edge = setup();
  for (const [key, { bytes, customMetadata }] of images.objects)
    edge.images.store(key, bytes, undefined, customMetadata);
  const sizeOf = (name: string, width: number, format: string) =>
    images.objects.get(`variants/${name}/${width}-high.${format}`)?.bytes.byteLength ?? Number.POSITIVE_INFINITY;
  let [answers, lost] = [0, 0];
  for (const name of originals.keys())
    for (const width of WIDTHS)
      for (const [who, accept] of Object.entries(ACCEPTS)) {
        const accepted = negotiate(accept, config);
        const least = Math.min(...accepted.map((format) => sizeOf(name, width, format)));
        for (const from of ["R2", "the cache"]) {
          const response = await edge.get(`/images/${name}?w=${width}&f=auto`, { Accept: accept });
          expect((await response.arrayBuffer()).byteLength, `${name} ${width} for ${who} from ${from}`).toBe(least);
          await edge.settle();
          answers += 1;
        }
        if (sizeOf(name, width, accepted[0]) > least) lost += 1;
      }
  console.log(`${answers} answers, all minimal; the first format was not the smallest for ${lost} of ${answers / 2}`);
  // Else the test would show nothing.
  expect(lost).toBeGreaterThan(3);
}, 240_000);
