import { stripVTControlCharacters } from "node:util";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT } from "../platform/exit-codes.ts";
import type { Outcome } from "../platform/run-program.ts";

export interface Call {
  args: readonly string[];
  /** Given on standard input: where secrets go, since arguments and files can be read by others. */
  stdin?: string;
  /** True: a person sees what it prints while it runs. */
  shown?: boolean;
}

/** Every call of wrangler goes through one function of this type; tests record it. */
export type Wrangler = (call: Call) => Promise<Outcome>;

const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  NO_COLOR: "1",
};

/** wrangler as the site or this repository pins it, run by the Node that runs us, in the site's folder. `program` is its wrangler.js. */
export function createWrangler(
  program: string,
  cwd: string,
  { run, env, stderr }: Pick<Context, "run" | "env" | "stderr">,
): Wrangler {
  const show = (text: string): void => void stderr.write(text);
  return ({ args, stdin = "", shown = false }) =>
    run({
      program: "node",
      args: [program, ...args],
      cwd,
      env: { ...env, ...QUIET },
      stdin,
      ...(shown ? { show } : {}),
    });
}

/** A call that failed: what was called, and what wrangler says of it. */
export class WranglerError extends CliError {
  constructor(args: readonly string[], { code, stdout, stderr }: Outcome) {
    const said = stripVTControlCharacters(`${stdout}\n${stderr}`);
    const lines = said.split("\n").filter((line) => line.trim() !== "" && !line.includes("please open an issue"));
    super(EXIT.usage, `wrangler ${args.join(" ")} ended with ${code}:`, ...lines.slice(-8));
  }
}

/** Calls, and throws WranglerError unless it ends well. */
export async function must(wrangler: Wrangler, call: Call): Promise<string> {
  const outcome = await wrangler(call);
  if (outcome.code !== 0) throw new WranglerError(call.args, outcome);
  return outcome.stdout;
}

/** Asks about a thing that may not be there; null: it is not. Any other failure is thrown, so that no outage looks like an empty account. */
export async function lookUp(wrangler: Wrangler, args: readonly string[], absent: RegExp): Promise<string | null> {
  const outcome = await wrangler({ args });
  if (outcome.code === 0) return outcome.stdout;
  if (absent.test(stripVTControlCharacters(`${outcome.stdout}\n${outcome.stderr}`))) return null;
  throw new WranglerError(args, outcome);
}
