import { CliError, EXIT, type ExitCode } from "../platform/exit-codes.ts";
import type { Answer } from "../platform/http-request.ts";

/** What a refused call says: RFC 9457, or whatever stood in the body. */
export interface Problem {
  status: number;
  code: string | null;
  message: string;
}

export function readProblem({ status, body }: Pick<Answer, "status" | "body">): Problem {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === "object" && json !== null) {
      const { code, detail, title } = json as Record<string, unknown>;
      const message = typeof detail === "string" ? detail : typeof title === "string" ? title : `status ${status}`;
      return { status, code: typeof code === "string" ? code : null, message };
    }
  } catch {
    // Not ours: a proxy's page, or nothing.
  }
  return { status, code: null, message: `status ${status}` };
}

/** The refusal as the error that ends the command. */
export function problemError({ status, code, message }: Problem, what: string): CliError {
  const exitCode = exitCodeFor(status, code);
  const hint =
    exitCode === EXIT.auth
      ? "Set ADMIN_TOKEN to the consumer Worker's secret of that name; warming needs an operator's token."
      : null;
  return new CliError(exitCode, `${what}: ${message}${code === null ? "" : ` (${code})`}`, hint);
}

function exitCodeFor(status: number, code: string | null): ExitCode {
  if (status === 401 || status === 403) return EXIT.auth;
  if (code === "not_configured") return EXIT.usage;
  if (status === 429 || status === 408 || status >= 500) return EXIT.unreachable;
  return status >= 300 && status < 400 ? EXIT.unreachable : EXIT.usage;
}
