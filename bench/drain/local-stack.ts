import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Emulator, type EmulatorOptions, startEmulator } from "@prewarm/ittybit-emulator/server";
import { startStackProcess } from "../../test/e2e/stack-process.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";
import { stateFolder } from "./state-folder.ts";

const TOKEN = "bench-admin-token-0123456789abcdef";
/** Images of one warming request. */
const ITEMS = 500;
/** Six variants of an image. */
export const TRANSFORMS = [
  "w=400&f=webp",
  "w=320&f=webp",
  "w=480&f=webp",
  "w=640&f=webp",
  "w=320&f=jpeg",
  "w=640&f=jpeg",
];

/** What the consumer said of one batch: its one log line. */
export interface BatchLine {
  role: string;
  exchanges: number;
  /** POSTs of jobs. */
  posted: number;
}

export interface LocalStack {
  emulator: Emulator;
  edgeUrl: string;
  /** Where the API is, and who may call it. */
  controlUrl: string;
  token: string;
  /** Where originals are: `<originalsUrl>/<id>` is the one picture, whatever the id; an id that begins with `missing-` has none. */
  originalsUrl: string;
  /** What every picture of the originals measures, in px. */
  originalSize: { width: number; height: number };
  /** Of the process that has started the runtime. */
  pid: number;
  /** Of each batch that has ended, oldest first. */
  batches: BatchLine[];
  setGate(concurrency: number, perSecond: number): Promise<void>;
  /** Warms up to six variants of each of so many images, numbered from `from` on (default 0); the runs' names. */
  warm(images: number, variantsPerImage?: number, from?: number): Promise<string[]>;
  /** How many of a run's variants are stored. */
  stored(run: string): Promise<number>;
  close(): Promise<void>;
}

/** A JPEG that stands under every id. */
export interface Original {
  bytes: Uint8Array;
  width: number;
  height: number;
}

async function flatOriginal(): Promise<Original> {
  const [width, height] = [1_000, 500];
  return { bytes: await picture("jpeg", width, height), width, height };
}

/** The local stack in a process of its own, with originals and an Ittybit that answer at once and make flat pictures. */
export async function startLocalStack(options: EmulatorOptions, original?: Original): Promise<LocalStack> {
  const { bytes, width, height } = original ?? (await flatOriginal());
  const stateDir = stateFolder("prewarm-drain-");
  const batches: BatchLine[] = [];
  const origin = createServer(({ url = "" }, response) => {
    if (url.startsWith("/missing-")) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "image/jpeg" }).end(bytes);
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const originalsUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const tinySource = { width, height };
  const emulator = await startEmulator({ pixels: "tiny", tinySource, maxJobs: 1_000_000, ...options });
  const stack = await startStackProcess({
    stateDir,
    env: {
      ADMIN_TOKEN: TOKEN,
      ITTYBIT_API_URL: emulator.apiUrl,
      ORIGINALS_URL: `${originalsUrl}/{id}`,
    },
    hear: (line) => {
      const batch = readBatch(line);
      if (batch !== null) batches.push(batch);
    },
  });
  const call = async (path: string, method = "GET", body?: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${stack.controlUrl}/api/v1/${path}`, { method, headers, ...sent });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  return {
    emulator,
    edgeUrl: stack.edgeUrl,
    controlUrl: stack.controlUrl,
    token: TOKEN,
    originalsUrl,
    batches,
    originalSize: tinySource,
    pid: stack.pid,
    setGate: async (concurrency, perSecond) =>
      void (await call("gate", "PATCH", { concurrency, rate: { perSecond, burst: perSecond } })),
    warm: async (images, variantsPerImage = 1, first = 0) => {
      const transforms = TRANSFORMS.slice(0, variantsPerImage);
      const runs: string[] = [];
      for (let from = first; from < first + images; from += ITEMS) {
        const count = Math.min(ITEMS, first + images - from);
        const ids = Array.from({ length: count }, (_, at) => `image-${from + at}.jpg`);
        const items = ids.map((id) => ({ id, transforms }));
        runs.push(String((await call("warm", "POST", { items })).run));
      }
      return runs;
    },
    stored: async (run) => Number(((await call(`runs/${run}`)).states as Record<string, number>).stored),
    close: async () => {
      await stack.stop();
      await emulator.close();
      origin.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function readBatch(line: string): BatchLine | null {
  if (!line.startsWith('{"event":"batch.done"')) return null;
  const { role, exchanges, posted } = JSON.parse(line) as BatchLine;
  return { role, exchanges, posted };
}
