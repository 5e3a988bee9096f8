import type { ControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT } from "../platform/exit-codes.ts";
import { type HttpRequest, type RequestOptions, sendRequest } from "../platform/http-request.ts";
import { asObject, BadAnswer, type Json } from "./json-fields.ts";
import { problemError, readProblem } from "./problem.ts";

export interface Call extends RequestOptions {
  /** What is being done, for the error: `warming`. */
  what: string;
  query?: Record<string, string | readonly string[]>;
  /** Sent as JSON; a string is sent as it is. */
  body?: string | Json;
  idempotencyKey?: string;
  repeatable?: boolean;
}

/** The control API (design: docs/openapi.json), one method for all calls: answers that are not 2xx throw with their exit code. */
export interface ControlApi {
  call(method: HttpRequest["method"], path: string, call: Call): Promise<Json>;
}

export function createControlApi(settings: ControlSettings, context: Context): ControlApi {
  return {
    async call(method, path, { what, query = {}, body, idempotencyKey, repeatable, ...options }) {
      const url = `${settings.url}/api/v1/${path}${formatQuery(query)}`;
      const headers: Record<string, string> = { authorization: `Bearer ${settings.token}`, accept: "application/json" };
      if (body !== undefined) headers["content-type"] = "application/json";
      if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
      const text = typeof body === "object" ? JSON.stringify(body) : body;
      const request = { method, url, headers, ...(text === undefined ? {} : { body: text }) };
      const answer = await sendRequest(context, { ...request, repeatable: repeatable ?? true }, options);
      if (answer.status < 200 || answer.status > 299) throw problemError(readProblem(answer), what);
      return readJson(answer.body, what);
    },
  };
}

function readJson(body: string, what: string): Json {
  try {
    return asObject(JSON.parse(body), "the answer");
  } catch {
    throw new CliError(EXIT.unreachable, `${what}: the answer is no JSON. Is PREWARM_URL the consumer Worker?`);
  }
}

/** Runs `read` over an answer; what does not fit the API ends the command in one line instead of a stack. */
export function understand<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BadAnswer)) throw error;
    throw new CliError(EXIT.unreachable, `${what}: the answer is not this API's: ${error.message}.`);
  }
}

function formatQuery(query: NonNullable<Call["query"]>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) for (const one of [value].flat()) parameters.append(name, one);
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
