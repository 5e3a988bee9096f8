import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export interface TryProcess {
  /** Where the site's first page is shown. */
  url: string;
  control: string;
  pid: number;
  /** What it has said on stderr so far. */
  said(): string;
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** `prewarm try …`, as a user runs it in `cwd`. */
export async function startTry(
  args: readonly string[],
  cwd: string,
  program = join(ROOT, "apps/cli/src/main.ts"),
): Promise<TryProcess> {
  const child = spawn(process.execPath, [program, ...args, "--json"], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let [printed, said] = ["", ""];
  child.stderr.on("data", (text) => {
    said += text;
  });
  const ready = new Promise<{ url: string; control: string }>((resolve) => {
    child.stdout.on("data", (text) => {
      printed += text;
      if (printed.endsWith("\n")) resolve(JSON.parse(printed));
    });
  });
  const found = await Promise.race([ready, exited.then(() => null)]);
  if (found === null) throw new Error(`prewarm try ended:\n${said}`);
  return {
    ...found,
    pid: child.pid ?? 0,
    said: () => said,
    async stop() {
      if (child.exitCode === null) child.kill("SIGINT");
      await exited;
      return child.exitCode;
    },
  };
}
