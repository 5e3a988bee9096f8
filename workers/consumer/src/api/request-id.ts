import type { MiddlewareHandler } from "hono";
import type { ApiDeps } from "./deps.ts";
import type { ApiEnv } from "./endpoint.ts";

/** The id of the request, in each answer. */
const REQUEST_ID_HEADER = "Prewarm-Request-Id";

/** `CF-Ray` of a request as Cloudflare writes it; what else a caller sends in this header is no id. */
const RAY = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/** Names the request in its answer and in each log line that it writes. */
export function nameRequests(deps: ApiDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const ray = c.req.header("CF-Ray") ?? "";
    // Cloudflare's own logs have its id, so an operator finds both by the same word.
    const requestId = RAY.test(ray) ? ray : crypto.randomUUID();
    const log: ApiDeps["log"] = (event, fields) => deps.log(event, { requestId, ...fields });
    c.set("deps", { ...deps, ...deps.logging(log), log });
    c.set("requestId", requestId);
    await next();
    c.header(REQUEST_ID_HEADER, requestId);
  };
}
