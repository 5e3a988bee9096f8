import { join } from "node:path";
import { type Emulator, type EmulatorOptions, startEmulator } from "@prewarm/ittybit-emulator/server";
import { buildDashboard } from "./dashboard.ts";
import { freePort } from "./listen.ts";
import { startOriginals } from "./originals-server.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { prepareSamples } from "./samples.ts";
import { isLoopback, type StackSettings } from "./settings.ts";

export interface StackOptions extends StackSettings {
  /** Rebuild and reload on edits. */
  watch: boolean;
  /** Secrets that only the configuration names. */
  secrets?: Record<string, string>;
  /** Options of the embedded emulator, for tests. */
  emulator?: Partial<EmulatorOptions>;
  log?(line: string): void;
  /** After an edit's code runs. */
  onReload?(milliseconds: number): void;
}

export interface Stack {
  edgeUrl: string;
  controlUrl: string;
  /** The embedded emulator, or null when ITTYBIT_API_URL names another server. */
  emulator: Emulator | null;
  originalsUrl: string;
  cron(): Promise<void>;
  close(): Promise<void>;
}

const CRON_MS = 60_000;

/** Starts edge, consumer, emulator and sample originals in this process, all on loopback. Ports 0 take any free one. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const ports = await choosePorts(options);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const originalsUrl = options.originalsUrl ?? (await sampleOriginals(options, ports.originals, closers));
    const emulator = options.ittybitApiUrl ? null : await embeddedEmulator(options, ports, closers);
    await buildDashboard();
    const runtime = await startRuntime({
      edgePort: ports.edge,
      controlPort: ports.control,
      stateDir: options.stateDir,
      watch: options.watch,
      bindings: bindingsOf(options, originalsUrl, emulator?.apiUrl ?? options.ittybitApiUrl ?? "", ports),
      onReload: options.onReload ?? (() => {}),
    });
    closers.push(() => runtime.close());
    startClock(runtime, closers);
    const stack = { edgeUrl: `http://localhost:${ports.edge}`, controlUrl: `http://localhost:${ports.control}` };
    await Promise.all([healthy(stack.edgeUrl), healthy(stack.controlUrl)]);
    await wakeSimulators(stack, options.adminToken);
    // Every handler died with the last process: give their rows back now instead of a minute later.
    await runtime.cron("local-start");
    return { ...stack, emulator, originalsUrl, cron: () => runtime.cron("* * * * *"), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Ports = Record<"edge" | "control" | "api" | "output" | "originals", number>;

/** Edge and control are what the user asked for; the others follow them and give way when taken. */
async function choosePorts(options: StackOptions): Promise<Ports> {
  const edge = await freePort(options.port, false);
  const control = await freePort(options.controlPort, false);
  const near = (offset: number) => freePort(options.controlPort === 0 ? 0 : control + offset, true);
  return { edge, control, api: await near(1), output: await near(2), originals: await near(3) };
}

async function sampleOriginals(
  options: StackOptions,
  port: number,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  const files = await prepareSamples(join(".wrangler", "samples"));
  const server = await startOriginals(files, port);
  closers.push(() => server.close());
  options.log?.(`sample originals at ${server.url}`);
  return server.url;
}

async function embeddedEmulator(
  options: StackOptions,
  ports: Ports,
  closers: (() => Promise<unknown>)[],
): Promise<Emulator> {
  const emulator = await startEmulator({
    port: ports.api,
    outputPort: ports.output,
    apiKey: options.ittybitApiKey,
    ...options.emulator,
  });
  closers.push(() => emulator.close());
  options.log?.(`local Ittybit at ${emulator.apiUrl}`);
  return emulator;
}

function bindingsOf(options: StackOptions, originalsUrl: string, apiUrl: string, ports: Ports): Record<string, string> {
  return {
    ...options.secrets,
    LOCAL: "true",
    ITTYBIT_API_URL: apiUrl,
    ITTYBIT_API_KEY: options.ittybitApiKey,
    ORIGINALS_URL: originalsUrl,
    EDGE_URL: `http://localhost:${ports.edge}`,
    ADMIN_TOKEN: options.adminToken,
    VIEWER_TOKEN: options.viewerToken,
    HOOK_SECRET: options.hookSecret,
    SIGNING_KEYS: options.signingKeys,
    // Only a local original may be fetched from a loopback address.
    ALLOW_LOOPBACK: String(isLoopback(originalsUrl) || isLoopback(apiUrl)),
  };
}

/** The platform runs the cron each minute; Miniflare leaves that to us. */
function startClock(runtime: Runtime, closers: (() => Promise<unknown>)[]): void {
  const timer = setInterval(() => runtime.cron("* * * * *").catch((error) => console.error(`cron: ${error}`)), CRON_MS);
  closers.push(async () => clearInterval(timer));
}

/** Cache, R2, queues and ledger load at their first use, for which the first viewer should not wait. Enqueues nothing. */
async function wakeSimulators(
  { edgeUrl, controlUrl }: { edgeUrl: string; controlUrl: string },
  token: string,
): Promise<void> {
  await Promise.all([
    fetch(`${edgeUrl}/images/start-up?w=16`, { method: "HEAD", redirect: "manual" }),
    fetch(`${controlUrl}/api/v1/stats`, { headers: { authorization: `Bearer ${token.split(",")[0]}` } }),
  ]);
}

async function healthy(url: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await fetch(`${url}/healthz`).catch(() => null);
    if (answer?.status === 200) return;
    if (Date.now() > deadline) throw new Error(`${url}/healthz answers ${answer?.status ?? "nothing"} after 20 s.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
