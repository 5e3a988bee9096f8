import { ApiError, createCall } from "@prewarm/control-client/client";
import type { Answer, CallName, Given } from "@prewarm/control-schema/calls";
import type * as z from "zod";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode } from "../platform/exit-codes.ts";
import { findMisfit } from "../platform/find-misfit.ts";
import { type RequestOptions, sendRequest } from "../platform/http-request.ts";

/** Where the API is, and what proves who asks. */
interface Server {
  /** Without a trailing slash. */
  url: string;
  headers: Record<string, string>;
}

const TOKEN_HINT = "Set ADMIN_TOKEN to the consumer Worker's secret of that name; warming needs an operator's token.";

export interface Sending extends RequestOptions {
  /** What is being done, for the error: `warming`. */
  what: string;
  /** False: not safe to send twice. Default true. */
  repeatable?: boolean;
  /** What to do when the proof is refused. Default: what to do about ADMIN_TOKEN. */
  authHint?: string;
}

/** A schema of fields that the answer has, or one of its kinds. */
type PartOf<A, S extends z.ZodType> = [Extract<A, z.output<S>>] extends [never] ? never : S;

/** The control API (docs/api.md). A failed call is tried again where that is safe; when it still fails, its exit code ends the command. */
export interface ControlApi {
  /** Resolves with the answer as it came, once it has the fields of `seen`: those that this program relies on. Throws CliError. */
  call<C extends CallName, S extends z.ZodType>(
    name: C,
    given: Given<C>,
    seen: PartOf<Answer<C>, S>,
    sending: Sending,
  ): Promise<z.output<S>>;
}

export function createControlApi({ url, headers }: Server, context: Context): ControlApi {
  return {
    async call(name, given, seen, { what, repeatable = true, authHint = TOKEN_HINT, ...options }) {
      const fetch = async (request: Request): Promise<Response> => {
        // biome-ignore lint/plugin: a request of this program
        const body = await request.text();
        const answer = await sendRequest(
          context,
          {
            method: request.method,
            url: request.url,
            headers: Object.fromEntries(request.headers),
            ...(body === "" ? {} : { body }),
            repeatable,
          },
          options,
        );
        return new Response(answer.body === "" ? null : answer.body, answer);
      };
      const answer = await createCall({ baseUrl: url, headers, fetch })(name, given).catch((error: unknown) => {
        throw endOf(error, what, authHint);
      });
      const misfit = findMisfit(answer, seen, "the answer");
      if (misfit === null) return answer as never;
      throw new CliError(EXIT.unreachable, `${what}: the answer is not this API's: ${misfit}.`);
    },
  };
}

/** A failed call as the error that ends the command. */
function endOf(error: unknown, what: string, authHint: string): unknown {
  if (!(error instanceof ApiError)) return error;
  // `sendRequest` has given up, and its error says why.
  if (error.status === 0) return error.cause;
  if (error.status < 300)
    return new CliError(EXIT.unreachable, `${what}: the answer is no JSON. Is PREWARM_URL the consumer Worker?`);
  const { code, message } = error;
  const exitCode = exitCodeFor(error);
  const hint = exitCode === EXIT.auth ? authHint : null;
  return new CliError(exitCode, `${what}: ${message}${code === null ? "" : ` (${code})`}`, hint);
}

function exitCodeFor({ status, code }: ApiError): ExitCode {
  if (status === 401 || status === 403) return EXIT.auth;
  if (code === "not_configured") return EXIT.usage;
  if (status === 429 || status === 408 || status >= 500) return EXIT.unreachable;
  return status >= 300 && status < 400 ? EXIT.unreachable : EXIT.usage;
}
