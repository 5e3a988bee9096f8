import { join } from "node:path";
import { type Emulator, type EmulatorOptions, startEmulator } from "@prewarm/ittybit-emulator/server";
import { LOCAL_ACCOUNT, LOCAL_DATASET, startAnalytics } from "./analytics.ts";
import { buildDashboard } from "./dashboard.ts";
import { startEventListener } from "./event-listener.ts";
import { createFollower } from "./follow-originals.ts";
import { startGallery } from "./gallery-server.ts";
import type { Limits } from "./limits/limits.ts";
import { freePort } from "./listen.ts";
import { type OriginalsFolder, openOriginalsFolder } from "./originals-folder.ts";
import { type FindFile, startOriginals } from "./originals-server.ts";
import { type Runtime, type RuntimeOptions, startRuntime } from "./runtime.ts";
import { prepareSamples, SAMPLES } from "./samples.ts";
import { isLoopback, type StackSettings } from "./settings.ts";
import { lockState } from "./state-lock.ts";

export interface StackOptions extends StackSettings {
  /** Where the two wrangler files are. Default: the working directory. */
  wranglerFolder?: string;
  /** Print every line of the Workers' log. Default: true. False: warnings and errors only. */
  verbose?: boolean;
  /** Rebuild and reload on edits. */
  watch: boolean;
  /** The site's secrets by name, asked again after each edit. */
  secrets(): Promise<Record<string, string>>;
  /** Options of the embedded emulator, for tests. */
  emulator?: Partial<EmulatorOptions>;
  log?(line: string): void;
  /** Limits of the platform to be held to instead, for a test. */
  limits?: Partial<Limits>;
  /** Other Workers instead, for a test. */
  arrange?: RuntimeOptions["arrange"];
  /** What pages may know of the configuration, for the gallery. Default: nothing but the defaults. */
  publicConfig?(): Promise<object>;
  /** After an edit's code runs. */
  onReload?(milliseconds: number): void;
}

export interface Stack {
  edgeUrl: string;
  controlUrl: string;
  /** The embedded emulator, or null when ITTYBIT_API_URL names another server. */
  emulator: Emulator | null;
  originalsUrl: string;
  /** Ids to try, with a transform each; empty: whoever started it knows its originals. */
  samples: string[];
  cron(): Promise<void>;
  /** The platform's limits that were broken so far. */
  brokenLimits: readonly string[];
  close(): Promise<void>;
}

const CRON_MS = 60_000;

/** Starts edge, consumer, emulator and sample originals in this process, all on loopback. Ports 0 take any free one. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const lock = lockState(options.stateDir, new Date());
    closers.push(async () => lock.release());
    const ports = await choosePorts(options);
    const urls = { edge: `http://localhost:${ports.edge}`, control: `http://localhost:${ports.control}` };
    lock.tell(urls);
    const folder = options.originalsDir === null ? null : await openOriginalsFolder(options.originalsDir);
    const originalsUrl = options.originalsUrl ?? (await localOriginals(options, folder, ports.originals, closers));
    const emulator = options.ittybitApiUrl ? null : await embeddedEmulator(options, ports, closers);
    const analytics = await startAnalytics({ stateDir: options.stateDir, token: options.adminToken }, ports.analytics);
    closers.push(() => analytics.close());
    const listener = await eventListener(options, ports.events, closers);
    const galleryUrl = await localGallery(options, { edge: urls.edge, originalsUrl, folder }, ports.gallery, closers);
    await buildDashboard();
    const runtime = await startRuntime({
      ...runtimeOptions(options, ports),
      galleryUrl,
      bindings: async () => ({
        ...(await options.secrets()),
        ...bindingsOf(options, originalsUrl, emulator?.apiUrl ?? options.ittybitApiUrl ?? "", ports),
        ...viewsBindings(analytics.url, options.adminToken),
        EVENTS_URL: listener.url,
      }),
    });
    closers.push(() => runtime.close());
    startClock(runtime, closers);
    const stack = { edgeUrl: urls.edge, controlUrl: urls.control };
    await Promise.all([healthy(stack.edgeUrl), healthy(stack.controlUrl)]);
    await wakeSimulators(stack, options.adminToken);
    if (folder !== null) {
      const say = (line: string) => options.log?.(line);
      const stop = folder.watch(createFollower({ controlUrl: urls.control, adminToken: options.adminToken, say }));
      closers.push(async () => stop());
    }
    // Every handler died with the last process: give their rows back now instead of a minute later.
    await runtime.cron("local-start");
    const samples = await samplesOf(options, folder);
    const { brokenLimits, cron } = runtime;
    return { ...stack, emulator, originalsUrl, samples, brokenLimits, cron: () => cron("* * * * *"), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function eventListener(options: StackOptions, port: number, closers: (() => Promise<unknown>)[]) {
  const listener = await startEventListener(port, (line) => options.log?.(line));
  closers.push(() => listener.close());
  return listener;
}

/** What the caller decides of the runtime. */
function runtimeOptions({ stateDir, watch, limits, arrange, ...more }: StackOptions, ports: Ports) {
  const { wranglerFolder = ".", verbose = true, onReload = () => {} } = more;
  const given = { ...(limits ? { limits } : {}), ...(arrange ? { arrange } : {}) };
  const { edge: edgePort, control: controlPort } = ports;
  return { stateDir, watch, wranglerFolder, verbose, onReload, edgePort, controlPort, ...given };
}

async function samplesOf(options: StackOptions, folder: OriginalsFolder | null): Promise<string[]> {
  if (folder !== null) {
    const path = (id: string): string => id.split("/").map(encodeURIComponent).join("/");
    return (await folder.some(3)).map((id) => `${path(id)}?w=800`);
  }
  return options.originalsUrl === null
    ? ["landscape.jpg?w=800", "portrait.jpg?w=400&f=avif", "cut-out.png?w=320&f=auto"]
    : [];
}

/** The page of the user's pictures. */
async function localGallery(
  options: StackOptions,
  { edge, originalsUrl, folder }: { edge: string; originalsUrl: string; folder: OriginalsFolder | null },
  port: number,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  const config = options.publicConfig ?? (async () => ({}));
  const server = await startGallery({ edgeUrl: edge, originalsUrl, config, ids: () => idsOf(options, folder) }, port);
  closers.push(() => server.close());
  return server.url;
}

/** Pictures that the gallery begins with. Of another host's originals nothing is known but what has been made. */
async function idsOf(options: StackOptions, folder: OriginalsFolder | null): Promise<string[]> {
  if (folder !== null) return folder.some(GALLERY_MAX);
  return options.originalsUrl === null ? SAMPLES.map(({ id }) => id) : [];
}

const GALLERY_MAX = 48;

type Ports = Record<"edge" | "control" | "api" | "output" | "originals" | "analytics" | "gallery" | "events", number>;

/** Edge and control are what the user asked for; the others follow them and give way when taken. */
async function choosePorts(options: StackOptions): Promise<Ports> {
  const edge = await freePort(options.port, false);
  const control = await freePort(options.controlPort, false);
  const near = (offset: number) => freePort(options.controlPort === 0 ? 0 : control + offset, true);
  return {
    edge,
    control,
    api: await near(1),
    output: await near(2),
    originals: await near(3),
    analytics: await near(4),
    gallery: await near(5),
    events: await near(6),
  };
}

/** The user's own pictures, or the samples. */
async function localOriginals(
  options: StackOptions,
  folder: OriginalsFolder | null,
  port: number,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  const server = await startOriginals(folder?.find ?? (await findSample()), port);
  closers.push(() => server.close());
  options.log?.(`${folder === null ? "sample originals" : `originals of ${options.originalsDir}`} at ${server.url}`);
  return server.url;
}

async function findSample(): Promise<FindFile> {
  const files = await prepareSamples(join(".wrangler", "samples"));
  return async (id) => files.get(id) ?? null;
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
    LOCAL: "true",
    ITTYBIT_API_URL: apiUrl,
    ITTYBIT_API_KEY: options.ittybitApiKey,
    ORIGINALS_URL: originalsUrl,
    EDGE_URL: `http://localhost:${ports.edge}`,
    CONTROL_URL: `http://localhost:${ports.control}`,
    // Only a local original may be fetched from a loopback address.
    ALLOW_LOOPBACK: String(isLoopback(originalsUrl) || isLoopback(apiUrl)),
  };
}

/** Where the edge's views go, and where they are read. */
function viewsBindings(url: string, token: string): Record<string, string> {
  return {
    VIEWS_SINK: `${url}/points`,
    VIEWS_DATASET: LOCAL_DATASET,
    ANALYTICS_URL: url,
    ANALYTICS_ACCOUNT_ID: LOCAL_ACCOUNT,
    ANALYTICS_TOKEN: token,
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
