import { createServer } from "node:http";
import { listen } from "../../dev/listen.ts";
import { drawCode } from "./picture-code.ts";

/** Every original has this size. */
const ORIGINAL = { width: 1_000, height: 750 };

/** The originals of a storm. Pixels and etag tell image and version. */
export interface Originals {
  url: string;
  ids: readonly string[];
  versionOf(id: string): number;
  etagOf(id: string): string;
  /** From now on the original is another one. */
  replace(id: string): void;
  close(): Promise<void>;
}

export const idOf = (image: number): string => `storm/${image}.jpg`;
export const imageOf = (id: string): number => Number(/(\d+)\.jpg$/.exec(id)?.[1] ?? Number.NaN);

export async function startOriginals(images: number): Promise<Originals> {
  const ids = Array.from({ length: images }, (_, n) => idOf(n));
  const versions = new Map(ids.map((id) => [id, 1]));
  const versionOf = (id: string): number => versions.get(id) ?? 0;
  const etagOf = (id: string): string => `"${imageOf(id)}-${versionOf(id)}"`;
  const server = createServer(async (request, response) => {
    const id = decodeURIComponent((request.url ?? "").slice("/originals/".length));
    if (!versions.has(id)) return response.writeHead(404).end();
    const etag = etagOf(id);
    if (request.headers["if-none-match"] === etag) return response.writeHead(304, { etag }).end();
    const bytes = await drawCode({ image: imageOf(id), version: versionOf(id) }, ORIGINAL);
    const headers = { "content-type": "image/jpeg", "content-length": bytes.length, etag };
    response.writeHead(200, headers);
    return response.end(request.method === "HEAD" ? undefined : bytes);
  });
  server.keepAliveTimeout = 65_000;
  const port = await listen(server, 0);
  return {
    url: `http://localhost:${port}/originals/{id}`,
    ids,
    versionOf,
    etagOf,
    replace: (id) => void versions.set(id, versionOf(id) + 1),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
