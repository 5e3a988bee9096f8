import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import type { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { listen } from "../../dev/listen.ts";
import { untilWarm } from "../../test/e2e/until-warm.ts";
import { type Visit, visit } from "../../test/e2e/visit.ts";

type Browser = Awaited<ReturnType<typeof launchBrowser>>;

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".txt": "text/plain",
  ".md": "text/markdown",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** Serves a folder as any static host does, on a free port; nothing for a favicon. */
export async function serveFolder(folder: string): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    answer(folder, request, response).catch(() => response.writeHead(404).end());
  });
  const port = await listen(server, 0);
  return { url: `http://localhost:${port}/`, close: () => server.close() };
}

async function answer(folder: string, { url = "/" }: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  if (path === "/favicon.ico") return void response.writeHead(204).end();
  const file = join(folder, normalize(path.endsWith("/") ? `${path}index.html` : path));
  const bytes = await readFile(file);
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(bytes);
}

/**
 * Opens the page as a new visitor does, twice: first as it comes, then when all that it asked for is made. Every image must be shown, in the
 * same box both times, and neither the console nor a layout shift may tell of anything.
 */
export async function faultsInBrowser(browser: Browser, url: string): Promise<string[]> {
  const first = await visitAnew(browser, url);
  await untilWarm(first.images.map(({ url }) => url));
  const second = await visitAnew(browser, url);
  const boxes = ({ images }: Visit) => images.map(({ box }) => box).join(" ");
  return [
    ...faultsOf("cold", first),
    ...faultsOf("warm", second),
    ...(boxes(first) === boxes(second) ? [] : [`boxes differ: ${boxes(first)} cold, ${boxes(second)} warm`]),
  ];
}

async function visitAnew(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  const seen = await visit(context, url);
  await context.close();
  return seen;
}

function faultsOf(when: string, { images, said, shifts }: Visit): string[] {
  const broken = images.filter(({ width }) => width === 0).map(({ url }) => `${when}: ${url} is not shown`);
  const jumped = shifts.map((moved) => `${when}: the page jumps by ${moved}`);
  return [...broken, ...said.map((text) => `${when}: the console says ${text}`), ...jumped];
}
