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

/** The same for Workers: a module. */
export const GUARD = `
const LOOPBACK = ${LOOPBACK};
export const refusal = (request) =>
  LOOPBACK.test(request.headers.get("Host") ?? "") ? null : new Response(${JSON.stringify(REFUSAL)}, { status: 421 });
`;
