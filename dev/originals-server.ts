import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "./listen.ts";
import { refuseForeignHost } from "./loopback-guard.ts";

const TYPES: Record<string, string> = {
  jpg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
};

/** Serves `GET|HEAD /originals/<id>` from files, with ranges and validators, as a plain file host does. */
export async function startOriginals(
  files: Map<string, string>,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (refuseForeignHost(request, response)) return;
    serve(files, request, response).catch(() => {
      response.statusCode = 500;
      response.end();
    });
  });
  const bound = await listen(server, port);
  return {
    url: `http://localhost:${bound}/originals/{id}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(files: Map<string, string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request.url ?? "");
  if (path === null) {
    response.writeHead(400).end();
    return;
  }
  const id = path.startsWith("/originals/") ? path.slice("/originals/".length) : "";
  const file = files.get(id);
  if (!file) {
    response.writeHead(404, { "content-type": "text/plain" }).end("no such original\n");
    return;
  }
  const { size, mtimeMs } = await stat(file);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  if (start >= size) {
    response.writeHead(416, { "content-range": `bytes */${size}` }).end();
    return;
  }
  response.writeHead(range ? 206 : 200, {
    "content-type": TYPES[id.split(".").pop() ?? ""] ?? "application/octet-stream",
    "content-length": end - start + 1,
    "accept-ranges": "bytes",
    etag: `"${size.toString(16)}-${Math.round(mtimeMs).toString(16)}"`,
    "cache-control": "public, max-age=3600",
    ...(range ? { "content-range": `bytes ${start}-${end}/${size}` } : {}),
  });
  if (request.method === "HEAD") response.end();
  else createReadStream(file, { start, end }).pipe(response);
}

function pathOf(target: string): string | null {
  try {
    return decodeURIComponent(new URL(target, "http://localhost").pathname);
  } catch {
    return null;
  }
}
