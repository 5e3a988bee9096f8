import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { usageError } from "../platform/exit-codes.ts";

/** A page after its scripts. */
export interface OpenedPage {
  html: string;
  /** Addresses of images that the page asked for. The browser answers them itself, so that no view makes a job. */
  asked: string[];
}

export interface PageBrowser {
  open(url: string): Promise<OpenedPage>;
  close(): Promise<void>;
}

interface Launch {
  /** The program. */
  path: string;
  /** Chromium refuses its sandbox to root. */
  isRoot: boolean;
  env: Readonly<Record<string, string | undefined>>;
  /** What the addresses of images begin with. */
  images: readonly string[];
  /** Longest that one page may take, in ms. */
  timeoutMs: number;
}

/** What the browser gets of the environment: no token. */
const HANDED_ON = ["PATH", "HOME", "TMPDIR", "LANG", "DISPLAY", "LD_LIBRARY_PATH", "FONTCONFIG_PATH"];
/** Without a new request for so long, a page that was scrolled to its end has asked for everything, in ms. */
const QUIET_MS = 500;
const EMPTY_IMAGE = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>').toString("base64");
/** Lazy images load when they are near the window. A page that grows as it is scrolled has an end at 100 windows. */
const SCROLL = `(async () => {
  for (let n = 0; n < 100; n += 1) {
    scrollBy(0, innerHeight);
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) break;
  }
})()`;

/** Starts a headless Chromium, spoken to over two pipes (the DevTools protocol), which needs no further package. */
export async function launchBrowser({ path, isRoot, env, images, timeoutMs }: Launch): Promise<PageBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "prewarm-browser-"));
  const flags = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
  const args = [...flags, ...(isRoot ? ["--no-sandbox"] : []), "--remote-debugging-pipe", `--user-data-dir=${profile}`];
  const given = Object.fromEntries(HANDED_ON.map((name) => [name, env[name]])) as unknown as NodeJS.ProcessEnv;
  const child = spawn(path, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], env: given });
  const wire = createWire(child);
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.pid !== undefined) {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await wire.send("Browser.getVersion", {});
  } catch (error) {
    await close();
    throw usageError(
      `${path} does not start as a headless browser: ${error instanceof Error ? error.message : error}.`,
    );
  }
  return { open: (url) => openPage(url, wire, images, timeoutMs), close };
}

interface Message {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

interface Wire {
  send(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>>;
  /** Told every event of a page. Returns what ends it. */
  hear(sessionId: string, event: (message: Message) => void): () => void;
}

/** Messages are JSON, each ended by a zero byte. */
function createWire(child: ChildProcess): Wire {
  const [, , , input, output] = child.stdio as [unknown, unknown, unknown, Writable, Readable];
  const waiting = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  const hearers = new Map<string, (message: Message) => void>();
  let rest = "";
  let last = 0;
  const take = (message: Message): void => {
    if (message.id === undefined) hearers.get(message.sessionId ?? "")?.(message);
    const call = waiting.get(message.id ?? 0);
    waiting.delete(message.id ?? 0);
    if (message.error === undefined) call?.resolve(message.result ?? {});
    else call?.reject(new Error(message.error.message));
  };
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\0");
    rest = parts.pop() ?? "";
    for (const part of parts) take(JSON.parse(part));
  });
  const fail = (why: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  input.on("error", () => {});
  child.once("error", (error) => fail(error.message));
  child.once("close", () => fail("it has ended"));
  return {
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null) return reject(new Error("it has ended"));
        last += 1;
        waiting.set(last, { resolve, reject });
        input.write(
          `${JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
        );
      }),
    hear(sessionId, event) {
      hearers.set(sessionId, event);
      return () => void hearers.delete(sessionId);
    },
  };
}

async function openPage(url: string, wire: Wire, images: readonly string[], timeoutMs: number): Promise<OpenedPage> {
  const { targetId } = await wire.send("Target.createTarget", { url: "about:blank" });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it does not end within ${timeoutMs / 1000} s in the browser`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([readPage(url, `${targetId}`, wire, images), late]);
  } finally {
    clearTimeout(timer);
    await wire.send("Target.closeTarget", { targetId }).catch(() => {});
  }
}

async function readPage(url: string, targetId: string, wire: Wire, images: readonly string[]): Promise<OpenedPage> {
  const { sessionId } = await wire.send("Target.attachToTarget", { targetId, flatten: true });
  const session = `${sessionId}`;
  const asked: string[] = [];
  let heardAt = Date.now();
  let loaded: () => void = () => {};
  const load = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  const stop = wire.hear(session, ({ method, params = {} }) => {
    if (method === "Page.loadEventFired") loaded();
    if (method !== "Fetch.requestPaused") return;
    heardAt = Date.now();
    asked.push((params.request as { url: string }).url);
    const responseHeaders = [
      { name: "content-type", value: "image/svg+xml" },
      { name: "access-control-allow-origin", value: "*" },
    ];
    const answer = { requestId: params.requestId, responseCode: 200, responseHeaders, body: EMPTY_IMAGE };
    wire.send("Fetch.fulfillRequest", answer, session).catch(() => {});
  });
  try {
    await wire.send("Fetch.enable", { patterns: images.map((start) => ({ urlPattern: `${start}*` })) }, session);
    await wire.send("Page.enable", {}, session);
    const { errorText } = await wire.send("Page.navigate", { url }, session);
    if (typeof errorText === "string") throw new Error(`the browser says ${errorText}`);
    await load;
    await wire.send("Runtime.evaluate", { expression: SCROLL, awaitPromise: true }, session);
    heardAt = Date.now();
    while (Date.now() - heardAt < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, 50));
    const { result } = await wire.send(
      "Runtime.evaluate",
      { expression: "document.documentElement.outerHTML" },
      session,
    );
    return { html: `${(result as { value?: unknown }).value}`, asked };
  } finally {
    stop();
  }
}
