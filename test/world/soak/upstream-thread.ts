import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import { createChance } from "../chance.ts";
import { Timers } from "../timers.ts";
import { imageOf, kindOf, originalBytes } from "./originals.ts";
import type { Order, Reply, ThreadData } from "./upstream.ts";

// A thread of its own for what is not ours: the emulator and the origin of the originals. It shares the soak's time, and
// its memory is not counted with the handlers'.
const { time, versions, seed, jobMs } = workerData as ThreadData;
const now = new Float64Array(time);
const version = new Int32Array(versions);
const chance = createChance(seed);
const timers = new Timers();
setInterval(() => timers.fire(now[0] ?? 0), 2);

function createOrigin(): Server {
  return createServer((request, response) => {
    const image = imageOf(decodeURIComponent((request.url ?? "/").slice(3)));
    const kind = Number.isNaN(image) ? "missing" : kindOf(image);
    if (kind === "missing") return void response.writeHead(404).end();
    if (kind === "html") return void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    const current = version[image] ?? 0;
    const etag = `"${image}-${current}"`;
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
    void originalBytes(image, current).then((bytes) => {
      response.writeHead(200, { "content-type": "image/jpeg", "content-length": bytes.byteLength, etag }).end(bytes);
    });
  });
}

async function start(): Promise<{ emulator: Emulator; origin: Server }> {
  const emulator = await startEmulator({
    pixels: "tiny",
    jobMs,
    maxJobs: 1_000_000,
    clock: { now: () => now[0] ?? 0, random: chance.random, after: (ms, run) => timers.add((now[0] ?? 0) + ms, run) },
  });
  const origin = createOrigin();
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  return { emulator, origin };
}

function perform({ control }: Emulator, order: Order): Reply["result"] {
  switch (order.call) {
    case "faults":
      control.clearFaults();
      for (const rule of order.rules) control.addFault(rule);
      return null;
    case "configure":
      control.configure(order.patch);
      return null;
    case "stats":
      return control.stats();
    case "jobs":
      return control
        .jobs()
        .filter(({ finishedAt }) => !order.running || finishedAt === null)
        .map(({ id, status, metadata, idempotencyKey, createdAt, finishedAt }) => ({
          id,
          status,
          createdAt,
          finishedAt,
          idempotencyKey: idempotencyKey ?? "",
          key: String(metadata.key),
          gen: Number(metadata.gen),
        }));
    default:
      return order satisfies never;
  }
}

const { emulator, origin } = await start();
const { port } = origin.address() as AddressInfo;
parentPort?.on("message", ({ n, order }: { n: number; order: Order }) => {
  parentPort?.postMessage({ n, result: perform(emulator, order) } satisfies Reply);
});
parentPort?.postMessage({ apiUrl: emulator.apiUrl, originUrl: `http://127.0.0.1:${port}/o` });
