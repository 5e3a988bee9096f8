import type { Server } from "node:http";

const KEEP_ALIVE_MS = 65_000;

/** @returns the port that was bound */
export function listen(server: Server, port: number, host: string): Promise<number> {
  // After Node's default of 5 s, clients that reuse a connection would meet resets that no fault asked for.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** Closes at once, hanging connections too. */
export function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
