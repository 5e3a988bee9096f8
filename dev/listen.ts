import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createSocketServer } from "node:net";

/** Binds `server` to loopback; a taken port is said in words. `port` 0 takes any free one. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`Port ${port} is in use. Stop what uses it or choose another one.`)
          : error,
      ),
    );
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** `wanted` when it is free on loopback, else any free port when `orAny`, else an error in words. */
export async function freePort(wanted: number, orAny: boolean): Promise<number> {
  const probe = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const socket = createSocketServer();
      socket.once("error", reject);
      socket.listen(port, "127.0.0.1", () => {
        const bound = (socket.address() as AddressInfo).port;
        socket.close(() => resolve(bound));
      });
    });
  try {
    return await probe(wanted);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    if (orAny) return probe(0);
    throw new Error(`Port ${wanted} is in use. Stop what uses it, or choose another one with PORT or CONTROL_PORT.`);
  }
}
