import { join } from "node:path";
import { type Limits, PLATFORM } from "./limits/limits.ts";
import { GUARD } from "./loopback-guard.ts";

/** What stands in front of the Workers locally, to be bundled beside them: TypeScript in the repository, JavaScript in the package. */
export const LIMITS_ENTRY = join(import.meta.dirname, "limits/platform-limits");

/** The one flag that the local Workers have and the deployed ones lack: it tells one invocation's calls from another's. */
export const LIMITS_FLAG = "nodejs_als";

export interface LocalWorker {
  /** As it is deployed. */
  code: string;
  /** Its classes: Durable Objects, and entrypoints for other Workers. */
  classes: readonly string[];
  /** Whether it is the edge, which writes the dataset `VIEWS`, and whose answers caches keep. */
  isEdge: boolean;
  /** What `/` answers locally, in HTML. Default: what the Worker says. */
  home?: string;
}

/** The dataset `VIEWS`: the platform's simulator takes points and forgets them, so they go to the twin. */
const DATASET = `
export const counted = (handlers) => {
  const points = [];
  const VIEWS = { writeDataPoint: (point) => void points.push(point) };
  const send = (url) => fetch(url, { method: "POST", body: JSON.stringify(points.splice(0)) }).then((sent) => sent.body?.cancel(), () => undefined);
  return {
    ...handlers,
    async fetch(request, env, context) {
      const response = await handlers.fetch(request, { ...env, VIEWS }, context);
      if (points.length > 0) context.waitUntil(send(env.VIEWS_SINK));
      return response;
    },
  };
};
`;

/**
 * What a person at this machine has changed is seen in the browser: browsers ask again before each use. They are the clients that say what they
 * want a picture for.
 */
const FRESH = `
const revalidated = (answer) => {
  if (!answer.headers.get("Cache-Control")?.includes("immutable")) return answer;
  const headers = new Headers(answer.headers);
  headers.set("Cache-Control", "no-cache");
  return new Response(answer.body, { status: answer.status, headers });
};
export const fresh = (handlers) => ({
  ...handlers,
  async fetch(request, env, context) {
    const answer = await handlers.fetch(request, env, context);
    return request.headers.has("Sec-Fetch-Dest") ? revalidated(answer) : answer;
  },
});
`;

/** A Worker's modules with the guard against foreign names in front, and the platform's limits about it; `limits` replaces some, for a test. */
export function localModules(
  { code, classes, isEdge, home }: LocalWorker,
  limitsCode: string,
  limits: Partial<Limits> = {},
) {
  const entry = `
import * as worker from "./worker.mjs";
import { refusal } from "./guard.mjs";
import { judgedAnswers, limitedClass, limitedHandlers } from "./limits.mjs";
import { counted } from "./dataset.mjs";
import { fresh } from "./fresh.mjs";
const limits = ${JSON.stringify({ ...PLATFORM, ...limits })};
${classes.map((name) => `export const ${name} = limitedClass(worker.${name}, limits);`).join("\n")}
const limited = limitedHandlers(worker.default, limits);
const handlers = ${isEdge ? "fresh(counted(judgedAnswers(limited)))" : "limited"};
const home = ${JSON.stringify(home ?? null)};
const atHome = (request) => home !== null && URL.parse(request.url)?.pathname === "/"
  ? new Response(home, { headers: { "content-type": "text/html; charset=utf-8" } }) : null;
export default { ...handlers, fetch: (request, env, context) => refusal(request) ?? atHome(request) ?? handlers.fetch(request, env, context) };
`;
  return [
    module("entry.mjs", entry),
    module("worker.mjs", code),
    module("guard.mjs", GUARD),
    module("limits.mjs", limitsCode),
    module("dataset.mjs", DATASET),
    module("fresh.mjs", FRESH),
  ];
}

/** A Worker that stands before the dashboard's files too, which are served without asking the consumer. It leads to the gallery's server. */
export function gateTo(target: string, galleryUrl: string) {
  const entry = `
import { refusal } from "./guard.mjs";
const next = (request, env) => {
  const { pathname = "" } = URL.parse(request.url) ?? {};
  return /^\\/gallery(\\/|$)/.test(pathname) && ["GET", "HEAD"].includes(request.method)
    ? fetch(${JSON.stringify(galleryUrl)} + pathname, { method: request.method })
    : env.NEXT.fetch(request);
};
export default { fetch: (request, env) => refusal(request) ?? next(request, env) };
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
