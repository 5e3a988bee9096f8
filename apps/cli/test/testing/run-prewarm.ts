import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Readable } from "node:stream";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { runProgram } from "../../src/platform/run-program.ts";
import { runCli } from "../../src/run-cli.ts";
import { VERSION } from "../../src/version.ts";
import { TOKEN } from "./fake-ledger.ts";
import { createWorld } from "./fake-world.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  stderr(): string;
  ended: Promise<Ended>;
}

interface RunOptions {
  cwd: string;
  url?: string;
  env?: Record<string, string | undefined>;
  stdin?: string;
  /** Flags for Node, before the program. */
  nodeFlags?: readonly string[];
}

/** An empty directory, removed when the file's tests have ended: its own `.prewarm/` and no prewarm.config.ts above it. */
export function emptyDirectory(): string {
  return tempFolder("prewarm-cli-");
}

/** Starts the real program as a child process, as a shell would. Stdin ends at once unless given. */
export function startPrewarm(args: readonly string[], { nodeFlags = [], ...options }: RunOptions): Running {
  return startProgram(process.execPath, [...nodeFlags, MAIN, ...args], options);
}

/** The same for any program, such as a packed one on another Node. */
export function startProgram(
  program: string,
  args: readonly string[],
  { cwd, stdin, ...more }: Omit<RunOptions, "nodeFlags">,
): Running {
  const options = { cwd, env: variablesOf(more) as NodeJS.ProcessEnv, stdio: "pipe" } as const;
  const child = spawn(program, args, options);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.on("error", () => {}); // it may exit before it has read all
  child.stdin.end(stdin ?? "");
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  return { child, stderr: () => stderr, ended };
}

export function runPrewarm(args: readonly string[], options: RunOptions): Promise<Ended> {
  return startPrewarm(args, options).ended;
}

/**
 * The same command in this process, where a start costs nothing: with the real network, and without a terminal and
 * signals. No time passes but what it sleeps; `slept` is that time, in ms.
 */
export async function runHere(
  args: readonly string[],
  options: Omit<RunOptions, "nodeFlags">,
): Promise<Ended & { slept: number }> {
  const world = createWorld({ cwd: options.cwd, env: variablesOf(options) as Record<string, string> });
  const stdin = Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]);
  const code = await runCli(args, { ...world.context, fetch, run: runProgram, stdin }, () => {});
  return { code, stdout: world.stdout(), stderr: world.stderr(), slept: world.slept() };
}

/** Nothing of this process's environment: a developer's PREWARM_URL must not steer a test. */
function variablesOf({ url, env = {} }: Pick<RunOptions, "url" | "env">): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH ?? "",
    ADMIN_TOKEN: TOKEN,
    // Half of a start is the reading of 300 files of TypeScript.
    NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"),
    ...(url === undefined ? {} : { PREWARM_URL: url }),
    ...env,
  };
}

/** This Node, and the machine's own, which may be as old as 20. */
export function nodes(): string[] {
  const own = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !folder.includes("node_modules"))
    .map((folder) => join(folder, "node"))
    .find((file) => existsSync(file));
  return own === undefined ? [process.execPath] : [process.execPath, own];
}

/** Packs the package as a release does and unpacks the tarball; returns its program, in a folder with nothing else. */
export function unpackedProgram(): string {
  const folder = emptyDirectory();
  const script = join(import.meta.dirname, "../../../../scripts/pack/main.ts");
  const steps: [string, string[]][] = [
    [process.execPath, [script, folder, "--only", "prewarm"]],
    ["tar", ["-xzf", `prewarm-${VERSION}.tgz`]],
  ];
  for (const [program, args] of steps) {
    const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr}`);
  }
  return join(folder, "package/dist/prewarm.mjs");
}
