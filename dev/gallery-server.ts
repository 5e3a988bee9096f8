import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { listen } from "./listen.ts";
import { refuseForeignHost } from "./loopback-guard.ts";

/** The page's files: TypeScript in the repository, JavaScript in the package. */
const FOLDER = join(import.meta.dirname, "gallery");
const TYPES: Record<string, string> = {
  "index.html": "text/html; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
  "main.js": "text/javascript; charset=utf-8",
  "site.json": "application/json",
};

export interface GalleryOptions {
  edgeUrl: string;
  /** Where originals come from, whose host the page must be allowed to show. */
  originalsUrl: string;
  /** Pictures to begin with. */
  ids(): Promise<string[]>;
  /** The part of the configuration that pages may know. */
  config(): Promise<object>;
}

/** Serves `/gallery`, to which the control port leads, so that the page is of another origin than the edge, as real pages are. */
export async function startGallery(
  options: GalleryOptions,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const policy = policyOf(options);
  const server = createServer((request, response) => {
    if (refuseForeignHost(request, response)) return;
    answer(request, response, policy, options).catch(() => response.writeHead(500).end());
  });
  const bound = await listen(server, port);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://localhost:${bound}`, close };
}

function policyOf({ edgeUrl, originalsUrl }: GalleryOptions): string {
  const edge = new URL(edgeUrl).origin;
  const originals = URL.parse(originalsUrl)?.origin ?? "";
  const images = `img-src 'self' ${edge} ${originals} data: blob:`;
  return `default-src 'none'; script-src 'self'; style-src 'self'; ${images}; connect-src 'self' ${edge}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`;
}

async function answer(
  { url = "/", method }: IncomingMessage,
  response: ServerResponse,
  policy: string,
  options: GalleryOptions,
): Promise<void> {
  const name = /^\/gallery\/?$/.test(url.split("?")[0] ?? "") ? "index.html" : url.slice("/gallery/".length);
  const type = TYPES[name];
  if (type === undefined) return void response.writeHead(404, { "content-type": "text/plain" }).end("not here\n");
  const body = await read(name, options);
  response.writeHead(200, {
    "content-type": type,
    "content-security-policy": policy,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  response.end(method === "HEAD" ? "" : body);
}

async function read(name: string, { edgeUrl, ids, config }: GalleryOptions): Promise<string> {
  if (name === "site.json") return JSON.stringify({ edgeUrl, ids: await ids(), config: await config() });
  const file = join(FOLDER, name);
  if (name !== "main.js" || existsSync(file)) return readFile(file, "utf8");
  // At the first look, and again after an edit.
  const { outputFiles } = await build({ entryPoints: [join(FOLDER, "main.ts")], ...GALLERY_BUILD, write: false });
  return outputFiles[0]?.text ?? "";
}

export const GALLERY_BUILD = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" } as const;
