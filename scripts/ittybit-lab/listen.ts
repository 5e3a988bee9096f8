import { createServer } from "node:http";

/** What somebody sent to this machine. */
export interface Sent {
  path: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
}

/** Bytes of a body that are kept. */
const BODY_MAX_BYTES = 65_536;

/**
 * Answers every request on a port of this machine 200, and tells `take` of it. Resolves, once it listens, with what ends it; rejects when
 * the port is taken.
 */
export async function listen(port: number, take: (sent: Sent) => void): Promise<() => void> {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of request) {
      length += piece.length;
      if (length <= BODY_MAX_BYTES) pieces.push(piece);
    }
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    take({ path: request.url ?? "/", headers, body: Uint8Array.from(Buffer.concat(pieces)) });
    response.end("ok");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
