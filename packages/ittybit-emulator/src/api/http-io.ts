import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError } from "../errors.ts";

const MAX_BODY_BYTES = 1024 * 1024;

/** @throws ApiError 413 beyond 1 MiB */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    total += chunk.byteLength;
    if (total > MAX_BODY_BYTES) throw new ApiError(413, "request_too_large", "the body is larger than 1 MiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export function sendText(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
  response.end(body);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendText(response, status, JSON.stringify(body), { "content-type": "application/json; charset=utf-8", ...headers });
}

const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * What is asked for, or null when the request is answered here: 400 for a target that is no URL, 421 for a name that is neither this machine's
 * nor the one the server was bound to. A page of another site can make its name point here, and would then read our answers.
 */
export function readTarget(request: IncomingMessage, response: ServerResponse, boundTo: string): URL | null {
  const host = request.headers.host ?? "";
  const target = URL.parse(request.url ?? "/", "http://emulator");
  if (LOOPBACK.test(host) || host === new URL(boundTo).host) {
    if (target !== null) return target;
    sendText(response, 400, "the request's target is no URL\n", {});
    return null;
  }
  sendText(response, 421, "the emulator answers under this machine's names only\n", {});
  return null;
}
