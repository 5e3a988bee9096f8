import type { IncomingMessage } from "node:http";

/*
 * The local stack answers under this machine's own names only. A page of another site can make its name point here (DNS rebinding); the
 * browser then takes us for that site and hands it our answers, but it still says the foreign name in `Host`.
 */

const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;
const REFUSAL = "The local stack answers at localhost, 127.0.0.1 and [::1] only.\n";

/** For servers of Node. True when the request was refused. */
export function refuseForeignHost(
  request: IncomingMessage,
  response: { writeHead(status: number): { end(text: string): unknown } },
): boolean {
  if (LOOPBACK.test(request.headers.host ?? "")) return false;
  response.writeHead(421).end(REFUSAL);
  return true;
}

const GUARD = `
const LOOPBACK = ${LOOPBACK};
export const refusal = (request) =>
  LOOPBACK.test(request.headers.get("Host") ?? "") ? null : new Response(${JSON.stringify(REFUSAL)}, { status: 421 });
`;

/** A Worker's modules with the guard in front; the code itself stays as it is deployed. */
export function guarded(code: string) {
  const entry = `
import worker from "./worker.mjs";
import { refusal } from "./guard.mjs";
export * from "./worker.mjs";
export default { ...worker, fetch: (request, env, context) => refusal(request) ?? worker.fetch(request, env, context) };
`;
  return [module("entry.mjs", entry), module("worker.mjs", code), module("guard.mjs", GUARD)];
}

/** As `guarded`, with the dataset `VIEWS` in the environment: the platform's simulator takes points and forgets them, so they go to the twin. */
export function guardedAndCounted(code: string) {
  const entry = `
import worker from "./worker.mjs";
import { refusal } from "./guard.mjs";
export * from "./worker.mjs";
const points = [];
const VIEWS = { writeDataPoint: (point) => void points.push(point) };
const send = (url) => fetch(url, { method: "POST", body: JSON.stringify(points.splice(0)) }).then((sent) => sent.body?.cancel(), () => undefined);
export default {
  ...worker,
  async fetch(request, env, context) {
    const refused = refusal(request);
    if (refused !== null) return refused;
    const response = await worker.fetch(request, { ...env, VIEWS }, context);
    if (points.length > 0) context.waitUntil(send(env.VIEWS_SINK));
    return response;
  },
};
`;
  return [module("entry.mjs", entry), module("worker.mjs", code), module("guard.mjs", GUARD)];
}

/** A Worker that stands before the dashboard's files too, which are served without asking the consumer. */
export function gateTo(target: string) {
  const entry = `
import { refusal } from "./guard.mjs";
export default { fetch: (request, env) => refusal(request) ?? env.NEXT.fetch(request) };
`;
  return {
    name: "local-gate",
    compatibilityDate: "2026-11-01",
    modules: [module("entry.mjs", entry), module("guard.mjs", GUARD)],
    serviceBindings: { NEXT: target },
  };
}

function module(path: string, contents: string) {
  return { type: "ESModule" as const, path, contents };
}
