import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** What one call of wrangler came to. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Call {
  args: readonly string[];
  /** Given on standard input: where secrets go, since arguments and files can be read by others. */
  stdin?: string;
  /** True: a person sees what it prints while it runs. */
  shown?: boolean;
}

/** Every call of wrangler goes through one function of this type; tests record it. */
export type Wrangler = (call: Call) => Promise<Outcome>;

const ROOT = join(import.meta.dirname, "../..");

/** The pinned wrangler, run by the Node that runs us: nothing of what the machine has installed. It never asks, because it sees no terminal. */
export function pinnedWrangler(env: NodeJS.ProcessEnv, show: (text: string) => void): Wrangler {
  const program = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", WRANGLER_WRITE_LOGS: "false" };
  return ({ args, stdin = "", shown = false }) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], {
        cwd: ROOT,
        env: { ...env, ...quiet, NO_COLOR: "1" },
      });
      const outcome = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const)
        child[stream].setEncoding("utf8").on("data", (text: string) => {
          outcome[stream] += text;
          if (shown) show(text);
        });
      // A child that ends without reading breaks the pipe; its exit code says more.
      child.stdin.on("error", () => {});
      child.stdin.end(stdin);
      child.on("error", reject);
      child.on("close", (code) => resolve({ ...outcome, code: code ?? 1 }));
    });
}

/** A call that failed: what was called, and what wrangler says of it. */
export class WranglerError extends Error {
  constructor(args: readonly string[], { code, stdout, stderr }: Outcome) {
    const said = stripVTControlCharacters(`${stdout}\n${stderr}`);
    const lines = said.split("\n").filter((line) => line.trim() !== "" && !line.includes("please open an issue"));
    super([`wrangler ${args.join(" ")} ended with ${code}:`, ...lines.slice(-8).map((line) => `  ${line}`)].join("\n"));
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
