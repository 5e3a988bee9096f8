import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import sharp from "sharp";
import { onTestFinished } from "vitest";
import { type EmulatorOptions, startEmulator } from "../../packages/ittybit-emulator/src/server.ts";
import { runLabLine } from "./lab.ts";
import { listen } from "./listen.ts";

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

/** Runs a line of the laboratory. */
export async function examine(
  env: Record<string, string>,
  args: readonly string[] = [],
  original?: string,
  network: typeof fetch = fetch,
) {
  let slept = 0;
  const [lines, notes]: [string[], string[]] = [[], []];
  const bench = {
    env: { ITTYBIT_API_KEY: KEY, ...env },
    cwd: "/nowhere",
    fetch: network,
    listen,
    // Ittybit works in real time; what the laboratory sleeps only counts.
    clock: { now: () => Date.now() + slept, random: Math.random },
    sleep: async (ms: number) => {
      slept += ms;
      await pause(Math.min(ms, 20));
    },
    data: (line: string) => void lines.push(line),
    note: (line: string) => void notes.push(line),
  };
  const code = await runLabLine(["--original", original ?? (await origin()), ...args], bench);
  const sentence = lines.findLast((line) => !line.startsWith("Settings: ")) ?? "";
  return { code, sentence, lines, stdout: lines.join("\n"), stderr: notes.join("\n"), slept };
}

export async function emulator(options: EmulatorOptions = {}) {
  const started = await startEmulator({ seed: 1, jobMs: { min: 0, max: 0 }, apiKey: KEY, ...options });
  onTestFinished(() => started.close());
  return started;
}

export const address = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, "HOST");
