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

/** wrangler's words where nobody has logged in. */
const NO_LOGIN = /necessary to set a CLOUDFLARE_API_TOKEN|Not logged in\.|You are not authenticated\./;
/** Cloudflare's codes where it does not accept a login, or the login lacks a right. */
const REFUSED = /\[code: (?:6111|9106|9109|10000|10001)\]/;
const RIGHTS = "docs/install.md lists the rights that each command needs, under The token.";

/** Nobody has logged in, so that nothing is known of the account. */
export class NoLogin extends CliError {
  constructor() {
    super(
      EXIT.auth,
      "wrangler has no login to Cloudflare.",
      "At a terminal: npx wrangler login. In a clone of Prewarm: npm run wrangler -- login.",
      `Elsewhere: set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID. ${RIGHTS}`,
    );
  }
}

/** A call that failed: what was called, and what wrangler says of it. */
class WranglerError extends CliError {
  constructor(args: readonly string[], code: number, said: string) {
    const lines = said.split("\n").filter((line) => line.trim() !== "" && !line.includes("please open an issue"));
    const cure = REFUSED.test(said) ? `The login has ended, or lacks a right. ${RIGHTS}` : null;
    super(EXIT.usage, `wrangler ${args.join(" ")} ended with ${code}:`, ...lines.slice(-8), cure);
  }
}

function saidBy({ stdout, stderr }: Outcome): string {
  return stripVTControlCharacters(`${stdout}\n${stderr}`);
}

function errorOf(args: readonly string[], outcome: Outcome): CliError {
  const said = saidBy(outcome);
  return NO_LOGIN.test(said) ? new NoLogin() : new WranglerError(args, outcome.code, said);
}

/** Calls, and throws unless it ends well. */
export async function must(wrangler: Wrangler, call: Call): Promise<string> {
  const outcome = await wrangler(call);
  if (outcome.code !== 0) throw errorOf(call.args, outcome);
  return outcome.stdout;
}

/** Asks about a thing that may not be there; null: it is not. Any other failure is thrown, so that no outage looks like an empty account. */
export async function lookUp(wrangler: Wrangler, args: readonly string[], absent: RegExp): Promise<string | null> {
  const outcome = await wrangler({ args });
  if (outcome.code === 0) return outcome.stdout;
  if (absent.test(saidBy(outcome))) return null;
  throw errorOf(args, outcome);
}
