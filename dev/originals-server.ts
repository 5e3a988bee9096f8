import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "./listen.ts";
import { refuseForeignHost } from "./loopback-guard.ts";

const TYPES: Record<string, string> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  avif: "image/avif",
  heic: "image/heic",
  tif: "image/tiff",
  tiff: "image/tiff",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
};

/** The file of an id, or null. */
export type FindFile = (id: string) => Promise<string | null>;

/** Serves `GET|HEAD /originals/<id>` from files, with ranges and validators, as a plain file host does. */
export async function startOriginals(find: FindFile, port: number): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (refuseForeignHost(request, response)) return;
    serve(find, request, response).catch(() => {
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

async function serve(find: FindFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = await find(idOf(request.url ?? "/"));
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
    "content-type": TYPES[file.split(".").pop()?.toLowerCase() ?? ""] ?? "application/octet-stream",
    "content-length": end - start + 1,
    "accept-ranges": "bytes",
    // The dashboard compares originals with variants, for which it reads their pixels.
    "access-control-allow-origin": "*",
    etag: `"${size.toString(16)}-${Math.round(mtimeMs).toString(16)}"`,
    "cache-control": "public, max-age=3600",
    ...(range ? { "content-range": `bytes ${start}-${end}/${size}` } : {}),
  });
  if (request.method === "HEAD") response.end();
  else createReadStream(file, { start, end }).pipe(response);
}

/** Empty when the path is none of ours. Not by `URL`, which would take `..` out before it can be refused. */
function idOf(url: string): string {
  const [path = ""] = url.split("?");
  try {
    return path.startsWith("/originals/") ? decodeURIComponent(path.slice("/originals/".length)) : "";
  } catch {
    return "";
  }
}
