import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type EmulatorOptions, startEmulator } from "@prewarm/ittybit-emulator/server";
import sharp from "sharp";
import { onTestFinished } from "vitest";
import { listen } from "../../src/platform/listen.ts";
import { runCli } from "../../src/run-cli.ts";
import { createWorld } from "./fake-world.ts";

export const KEY = "ittybit_live_verysecret";

const photo = () => sharp({ create: { width: 800, height: 600, channels: 3, background: "#a0703c" } }).jpeg();

/** The photo with a position, an author and XMP in it. */
const geotagged = () =>
  photo()
    .withExif({
      IFD0: { Artist: "Jane Secret" },
      IFD3: { GPSLatitudeRef: "N", GPSLatitude: "51/1 30/1 3230/100" },
    })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>');

export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return `http://127.0.0.1:${port}`;
}

export async function origin({ isTagged = false } = {}): Promise<string> {
  const bytes = await (isTagged ? geotagged() : photo()).toBuffer();
  const url = await serve((request, response) => {
    if (request.url === "/private-name.jpg") response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    else response.writeHead(404).end();
  });
  return `${url}/private-name.jpg`;
}

export async function check(
  env: Record<string, string>,
  args: readonly string[] = [],
  original?: string,
  network: typeof fetch = fetch,
) {
  const world = createWorld({ env: { ITTYBIT_API_KEY: KEY, ...env } });
  // Ittybit works in real time; what the check sleeps only counts.
  const { sleep } = world.context;
  const context: typeof world.context = {
    ...world.context,
    clock: { now: () => Date.now() + world.slept(), random: Math.random },
    fetch: network,
    listen,
    sleep: async (ms) => {
      await sleep(ms);
      await pause(Math.min(ms, 20));
    },
  };
  const words = ["ittybit", "check", "--original", original ?? (await origin()), ...args];
  const code = await runCli(words, context, () => {});
  const lines = world.stdout().trim().split("\n");
  const sentence = lines.findLast((line) => !line.startsWith("Settings: ")) ?? "";
  return { code, sentence, lines, stdout: world.stdout(), stderr: world.stderr(), slept: world.slept() };
}

export async function emulator(options: EmulatorOptions = {}) {
  const started = await startEmulator({ seed: 1, jobMs: { min: 0, max: 0 }, apiKey: KEY, ...options });
  onTestFinished(() => started.close());
  return started;
}

export const address = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, "HOST");
