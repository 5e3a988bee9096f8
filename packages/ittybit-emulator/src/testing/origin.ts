import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { listen, shut } from "../listen.ts";

export interface Origin {
  url: string;
  /** How often each path was fetched in full. */
  hits: Map<string, number>;
  /** Publishes bytes under a path and gives their URL. */
  put(path: string, bytes: Buffer): string;
  close(): Promise<void>;
}

/** A web server of originals on loopback, with ETags: for tests. */
export async function startOrigin(): Promise<Origin> {
  const files = new Map<string, Buffer>();
  const hits = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const bytes = files.get(path);
    if (bytes === undefined) return void response.writeHead(404).end("no such original");
    const etag = `"${createHash("sha1").update(bytes).digest("hex")}"`;
    hits.set(path, (hits.get(path) ?? 0) + 1);
    response.writeHead(200, { etag, "content-length": bytes.byteLength }).end(bytes);
  });
  const url = `http://127.0.0.1:${await listen(server, 0, "127.0.0.1")}`;
  return {
    url,
    hits,
    put(path, bytes) {
      files.set(path, bytes);
      return url + path;
    },
    close: () => shut(server),
  };
}
