import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Emulator, startEmulator } from "@prewarm/ittybit-emulator/server";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startOriginals } from "../../dev/originals-server.ts";
import { tempFolder } from "../temp-folder.ts";
import { ask, isVariant, until } from "./stack.ts";
import { type StackProcess, startStackProcess, withBucket } from "./stack-process.ts";

/*
 * What is left when everything dies: the state on disk, and an Ittybit that knows nothing of it. The stack runs as a user runs it, in
 * processes that are killed; Ittybit and the originals live here and survive, as they would.
 */

const TOKEN = "recovery-admin";
const WIDTHS = [160, 320, 400, 640];
const IDS = Array.from({ length: 6 }, (_, n) => `photo-${n}.jpg`);
const VARIANTS = IDS.flatMap((id) => WIDTHS.map((width) => ({ id, width })));

let folder: string;
let originals: Awaited<ReturnType<typeof startOriginals>>;
let emulator: Emulator;
let stateDir: string;
let stack: StackProcess | null;

beforeAll(async () => {
  folder = tempFolder("prewarm-originals-");
  const files = new Map<string, string>();
  for (const [n, id] of IDS.entries()) {
    const background = { r: 40 * n, g: 120, b: 200 };
    const bytes = await sharp({ create: { width: 900, height: 600, channels: 3, background } })
      .jpeg()
      .toBuffer();
    await writeFile(join(folder, id), bytes);
    files.set(id, join(folder, id));
  }
  originals = await startOriginals(async (id) => files.get(id) ?? null, 0);
});
afterAll(async () => {
  await originals?.close();
});
beforeEach(async () => {
  stateDir = tempFolder("prewarm-recovery-");
  emulator = await startEmulator({ jobMs: { min: 300, max: 1_500 } });
});
afterEach(async () => {
  await stack?.kill();
  stack = null;
  await emulator.close();
});

async function start(): Promise<StackProcess> {
  stack = await startStackProcess({
    stateDir,
    env: { ITTYBIT_API_URL: emulator.apiUrl, ORIGINALS_URL: originals.url, ADMIN_TOKEN: TOKEN },
  });
  return stack;
}

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${stack?.controlUrl}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

interface Stats {
  queues: Record<string, { backlogCount: number } | null>;
}

interface Run {
  states: Record<string, number>;
}

const items = () => IDS.map((id) => ({ id, transforms: WIDTHS.map((width) => `w=${width}&f=webp`) }));
const warm = async () => (await api<{ run: string; accepted: number }>("POST", "/warm", { items: items() })).run;
const runOf = (run: string) => api<Run>("GET", `/runs/${run}`);
const allStored = (run: string, ms?: number) =>
  until(
    "all is stored",
    () => runOf(run),
    ({ states }) => states.stored === VARIANTS.length,
    ms,
  );
const image = ({ id, width }: { id: string; width: number }) => `${stack?.edgeUrl}/images/${id}?w=${width}&f=webp`;

/** Every variant is served with its own bytes. */
async function expectServed(): Promise<void> {
  for (const variant of VARIANTS) {
    const answer = await ask(image(variant));
    expect(answer.status, `${variant.id} ${variant.width}`).toBe(200);
    const { format, width } = await sharp(answer.body).metadata();
    expect({ format, width }).toEqual({ format: "webp", width: variant.width });
  }
}

/** Ittybit's jobs by variant: how often each was made. */
function jobsMade(): Record<string, number> {
  const made: Record<string, number> = {};
  for (const { input, options } of emulator.control.jobs()) {
    const name = `${new URL(input).pathname.split("/").pop()} ${options.width}`;
    made[name] = (made[name] ?? 0) + 1;
  }
  return made;
}

const once = Object.fromEntries(VARIANTS.map(({ id, width }) => [`${id} ${width}`, 1]));

describe("recovery", () => {
  it("keeps every promise through three SIGKILLs in the middle of the work, with one job for each variant", async () => {
    await start();
    const run = await warm();
    for (const share of [0.1, 0.4, 0.7]) {
      await until(
        "some are stored",
        () => runOf(run),
        ({ states }) => (states.stored ?? 0) >= share * VARIANTS.length,
      );
      await stack?.kill();
      await start();
    }
    await allStored(run);
    await expectServed();
    expect(jobsMade()).toEqual(once);
    expect(await api("POST", "/doctor", { fix: true })).toEqual({ findings: [], nextCursor: null });
  });

  it("sends again what a lost queue has forgotten", async () => {
    await start();
    // Whoever takes a message at once gets no job made.
    emulator.control.addFault({ on: "create", fault: { type: "hang" } });
    const run = await warm();
    // What is in the queue now is gone with the process, and the ledger believes it under way.
    const backlog = () => api<Stats>("GET", "/stats").then(({ queues }) => queues["prewarm-work"]?.backlogCount ?? 0);
    await until("wake-ups are in the queue", backlog, (messages) => messages > 0);
    expect((await runOf(run)).states.stored ?? 0).toBe(0);
    await stack?.kill();
    expect(emulator.control.jobs()).toEqual([]);
    emulator.control.clearFaults();
    await start();
    // Sooner than the minute after which the ledger would believe them lost by itself.
    await allStored(run, 40_000);
    expect(jobsMade()).toEqual(once);
    await expectServed();
  });

  it("makes again what was deleted from R2, by the next view: R2 is the record, and the doctor finds nothing to do", async () => {
    await start();
    const run = await warm();
    await allStored(run);
    await stack?.stop();
    const gone = [
      { id: "photo-1.jpg", width: 320 },
      { id: "photo-2.jpg", width: 640 },
    ];
    const keyOf = ({ id, width }: (typeof gone)[number]) => `variants/${id}/${width}-high.webp`;
    await withBucket(stateDir, async (bucket) => {
      const { objects } = await bucket.list({ prefix: "variants/" });
      expect(objects).toHaveLength(VARIANTS.length);
      await bucket.delete(gone.map(keyOf));
    });
    await start();
    expect(await api("POST", "/doctor", { fix: true })).toEqual({ findings: [], nextCursor: null });
    for (const variant of gone) {
      expect(isVariant(await ask(image(variant)))).toBe(false);
      await until("it is back", () => ask(image(variant)), isVariant);
    }
    await expectServed();
    expect(jobsMade()).toEqual({ ...once, "photo-1.jpg 320": 2, "photo-2.jpg 640": 2 });
  });
});
