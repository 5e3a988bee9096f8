import { spawn } from "node:child_process";

/** A program that does not end by itself, with all that it started. */
export interface Program {
  end(): Promise<void>;
}

/** Runs the lines in a shell. Resolves when they have printed `ready`; rejects with what they said when they end before. */
export async function startProgram(
  lines: string,
  options: { cwd: string; env: Record<string, string | undefined>; ready: RegExp; timeoutMs: number },
): Promise<Program> {
  const { cwd, env, ready, timeoutMs } = options;
  const shell = spawn("bash", ["-e", "-c", lines], {
    cwd,
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<void>((resolve) => shell.on("close", () => resolve()));
  const end = () => {
    if (shell.exitCode === null && shell.pid !== undefined) process.kill(-shell.pid, "SIGTERM");
    return closed;
  };
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => void end(), timeoutMs);
    const fail = () => {
      clearTimeout(timer);
      reject(new Error(`${lines}\ndid not come up:\n${said}`));
    };
    const hear = (chunk: Buffer) => {
      said += chunk;
      if (!ready.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    shell.stdout.on("data", hear);
    shell.stderr.on("data", hear);
    closed.then(fail);
  });
  return { end };
}
