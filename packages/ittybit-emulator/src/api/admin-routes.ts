import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import { ApiError } from "../errors.ts";
import { faultRule } from "../faults/fault-rule.ts";
import { settingsSchema } from "../settings.ts";
import { authenticate } from "./authenticate.ts";
import { createControl, type EmulatorControl } from "./control.ts";
import type { EmulatorState } from "./emulator-state.ts";
import { readBody, sendJson } from "./http-io.ts";

interface AdminCall {
  query: URLSearchParams;
  /** The path's last segment, for one fault. */
  id: string;
  body: unknown;
}

const DEFAULT_LIMIT = 1000;

const clockChange = z.strictObject({ skewMs: z.number().optional(), advanceMs: z.number().nonnegative().optional() });
const faultRules = z.union([faultRule.transform((rule) => [rule]), z.array(faultRule)]);

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get("limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 0) throw new ApiError(400, "request_invalid", "limit must be an integer");
  return limit;
}

function changeClock(control: EmulatorControl, body: unknown): object {
  const { skewMs, advanceMs } = clockChange.parse(body);
  if (skewMs !== undefined) control.skewClock(skewMs);
  if (advanceMs !== undefined) control.advanceClock(advanceMs);
  return { ok: true };
}

function listJobs(control: EmulatorControl, query: URLSearchParams): object {
  const text = (name: string): string | undefined => query.get(name) ?? undefined;
  const filter = { input: text("input"), idempotencyKey: text("key"), status: text("status"), limit: limitOf(query) };
  return { jobs: control.jobs(filter) };
}

const ROUTES: Record<string, (control: EmulatorControl, call: AdminCall) => object> = {
  "GET /": (control) => ({ settings: control.settings(), stats: control.stats(), faults: control.faults() }),
  "GET /stats": (control) => control.stats(),
  "GET /requests": (control, { query }) => ({ ...control.stats(), recent: control.requests(limitOf(query)) }),
  "GET /jobs": (control, { query }) => listJobs(control, query),
  "GET /timeline": (control) => ({ events: control.timeline() }),
  "GET /webhooks": (control) => ({ deliveries: control.webhookDeliveries() }),
  "GET /faults": (control) => ({ faults: control.faults() }),
  "POST /faults": (control, { body }) => ({ ids: faultRules.parse(body).map((rule) => control.addFault(rule)) }),
  "DELETE /faults": (control) => {
    control.clearFaults();
    return { ok: true };
  },
  "DELETE /faults/:id": (control, { id }) => {
    if (!control.removeFault(id)) throw new ApiError(404, "not_found", `no fault ${id}`);
    return { ok: true };
  },
  "GET /settings": (control) => control.settings(),
  "PATCH /settings": (control, { body }) => {
    control.configure(settingsSchema.partial().parse(body));
    return control.settings();
  },
  "POST /clock": (control, { body }) => changeClock(control, body),
  "POST /reset": (control) => {
    control.reset();
    return { ok: true };
  },
};

async function run(control: EmulatorControl, request: IncomingMessage, url: URL): Promise<object> {
  const path = url.pathname.slice("/__emulator".length) || "/";
  const [, collection = "", id = ""] = path.split("/");
  const route = ROUTES[`${request.method} /${collection}${id === "" ? "" : "/:id"}`];
  if (route === undefined) throw new ApiError(404, "not_found", `no ${request.method} ${url.pathname}`);
  const text = await readBody(request);
  return route(control, { query: url.searchParams, id, body: text === "" ? undefined : JSON.parse(text) });
}

function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  if (cause instanceof z.ZodError) return new ApiError(400, "request_invalid", z.prettifyError(cause));
  if (cause instanceof SyntaxError) return new ApiError(400, "request_invalid", cause.message);
  return new ApiError(500, "internal_error", String(cause));
}

/** @throws ApiError 403 for a page of another site: whatever key it has, a browser brought it here. */
function refuseOtherSites({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const foreign = origin !== undefined && origin !== `http://${host}`;
  if (foreign || (site !== undefined && site !== "same-origin" && site !== "none"))
    throw new ApiError(403, "forbidden", "another site's page may not steer the emulator");
}

/** The side channel under `/__emulator/`: faults, settings, clock, calls and jobs. Takes the API's key, as every call does. */
export async function answerAdmin(
  emulator: EmulatorState,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  try {
    authenticate(emulator, request.headers.authorization);
    refuseOtherSites(request);
    sendJson(response, 200, await run(createControl(emulator), request, url));
  } catch (cause) {
    const { status, kind, message } = asApiError(cause);
    sendJson(response, status, { kind, message });
  }
}
