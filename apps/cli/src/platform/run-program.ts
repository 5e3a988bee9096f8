import { spawn } from "node:child_process";

/** A program to run: Node itself, or git. */
export interface ProgramCall {
  program: "node" | "git";
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Its standard input. Secrets go there: other users can read arguments and files. Default: nothing. */
  stdin?: string;
  /** Gets its output while it runs. */
  show?(text: string): void;
}

/** How a program ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. It sees no terminal, so it never asks. Rejects when it cannot be started. */
export function runProgram({ program, args, cwd, env, stdin = "", show }: ProgramCall): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const path = program === "node" ? process.execPath : program;
    const child = spawn(path, [...args], { cwd, env: env as NodeJS.ProcessEnv, stdio: "pipe" });
    const outcome = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        outcome[stream] += text;
        show?.(text);
      });
    // A child that ends without reading breaks the pipe; its exit code says more.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...outcome, code: code ?? 1 }));
  });
}
