import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".htm": "text/html",
  ".xhtml": "application/xhtml+xml",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".gif": "image/gif",
};

/** Serves a folder of built pages on this machine. A folder is its index.html, and `/about` is about.html. */
export async function serveFolder(folder: string): Promise<{ url: string; close(): void }> {
  const server = createServer(async ({ url = "/" }, response) => {
    try {
      // `normalize` of an absolute path leads to nothing above the folder.
      const path = join(folder, normalize(decodeURIComponent(new URL(url, "http://x").pathname)));
      const file = await fileOf(path);
      response.writeHead(200, { "content-type": TYPES[extname(file).toLowerCase()] ?? "application/octet-stream" });
      pipeline(createReadStream(file), response, () => {});
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Rejects where there is none. */
async function fileOf(path: string): Promise<string> {
  const info = await stat(path).catch(() => null);
  const file = info === null ? `${path}.html` : info.isDirectory() ? join(path, "index.html") : path;
  await stat(file);
  return file;
}
