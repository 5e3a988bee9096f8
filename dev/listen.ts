import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
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

/** Below those that systems take for connections that go out: such a one may take a free port before its server does. */
const ANY_PORT = { least: 20_000, below: 32_000 };

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createSocketServer();
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    socket.listen(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}

/**
 * Marks a port as given until this process ends, which every process on the machine sees: its server binds it a second or two later. The
 * mark is UDP's port of the same number, which no server of ours uses. False: somebody has it.
 */
function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const mark = createSocket("udp4");
    mark.once("error", () => resolve(false));
    mark.bind(port, "127.0.0.1", () => {
      mark.unref();
      resolve(true);
    });
  });
}

async function anyPort(): Promise<number> {
  for (;;) {
    const port = randomInt(ANY_PORT.least, ANY_PORT.below);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
}

/** `wanted` when it is free on loopback, else any other when `orAny`, else an error in words. 0 wants any. Never one that was given, but to who wants just that. */
export async function freePort(wanted: number, orAny: boolean): Promise<number> {
  if (wanted === 0) return anyPort();
  const isNew = await reserve(wanted);
  if ((isNew || !orAny) && (await isFree(wanted))) return wanted;
  if (orAny) return anyPort();
  throw new Error(`Port ${wanted} is in use. Stop what uses it, or choose another one with PORT or CONTROL_PORT.`);
}
