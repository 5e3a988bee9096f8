import { spawn } from "node:child_process";

/** A program that does not end by itself, with all that it started. */
export interface Program {
  end(): Promise<void>;
}

interface Where {
  cwd: string;
  env: Record<string, string | undefined>;
  timeoutMs: number;
}

/** A shell in a process group of its own, so that all it starts can be ended with it. */
function openShell(flags: string[], lines: string, { cwd, env }: Where) {
  const options = { cwd, env: env as NodeJS.ProcessEnv, detached: true };
  const shell = spawn("bash", [...flags, "-c", lines], options);
  shell.stdin.end();
  const closed = new Promise<number | null>((resolve) => shell.on("close", resolve));
  const end = (signal: NodeJS.Signals) => {
    if (shell.exitCode === null && shell.pid !== undefined) process.kill(-shell.pid, signal);
  };
  const hear = (listener: (chunk: Buffer) => void) => {
    for (const stream of [shell.stdout, shell.stderr]) stream.on("data", listener);
  };
  return { closed, end, hear };
}

/** Runs the lines, and stops at the first that fails. The code is null when they ran out of time. */
export async function runToEnd(lines: string, where: Where): Promise<{ code: number | null; said: string }> {
  const shell = openShell(["-e", "-o", "pipefail"], lines, where);
  const timer = setTimeout(() => shell.end("SIGKILL"), where.timeoutMs);
  let said = "";
  shell.hear((chunk) => (said += chunk));
  const code = await shell.closed;
  clearTimeout(timer);
  return { code, said };
}

/** Runs the lines beside others. Resolves when they have printed `ready`; rejects with what they said when they end before. */
export async function startProgram(lines: string, where: Where & { ready: RegExp }): Promise<Program> {
  const shell = openShell(["-e"], lines, where);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => shell.end("SIGTERM"), where.timeoutMs);
    shell.hear((chunk) => {
      said += chunk;
      if (!where.ready.test(said)) return;
      clearTimeout(timer);
      resolve();
    });
    shell.closed.then(() => {
      clearTimeout(timer);
      reject(new Error(`${lines}\ndid not come up:\n${said}`));
    });
  });
  const end = async () => {
    shell.end("SIGTERM");
    await shell.closed;
  };
  return { end };
}
