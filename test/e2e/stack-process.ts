import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { BROKEN } from "../../dev/limits/limits.ts";
import { freePort } from "../../dev/listen.ts";
import { stateRoot } from "../../dev/settings.ts";

export interface StackProcess {
  edgeUrl: string;
  controlUrl: string;
  /** The leader of its process group. */
  pid: number;
  /** Kills the whole process group at once: nothing is flushed, nobody says goodbye. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

/** The local stack as `npm start` runs it, in a process group of its own. */
export async function startStackProcess(settings: {
  stateDir: string;
  env: Record<string, string>;
  /** Told each line of its output. */
  hear?(line: string): void;
}): Promise<StackProcess> {
  const [port, controlPort] = [await freePort(0, true), await freePort(0, true)];
  const child = spawn(process.execPath, ["apps/cli/src/main.ts", "dev", "--verbose"], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PORT: String(port),
      CONTROL_PORT: String(controlPort),
      STATE_DIR: settings.stateDir,
      WATCH: "false",
      ...settings.env,
    },
  });
  if (settings.hear !== undefined && child.stdout !== null)
    createInterface({ input: child.stdout }).on("line", settings.hear);
  const broken: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => {
    if (chunk.includes(BROKEN)) broken.push(String(chunk));
  });
  await ready(child);
  const end = async (signal: NodeJS.Signals, group: boolean) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = once(child, "exit");
    process.kill(group ? -child.pid : child.pid, signal);
    await exited;
    if (broken.length > 0) throw new Error(broken.join(""));
  };
  return {
    edgeUrl: `http://localhost:${port}`,
    controlUrl: `http://localhost:${controlPort}`,
    pid: child.pid ?? 0,
    kill: () => end("SIGKILL", true),
    stop: () => end("SIGTERM", false),
  };
}

/** Resolves at the line `ready …`; what the stack said until then is part of the error. */
async function ready(child: ChildProcess): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk;
      if (/^ready edge=/m.test(said)) resolve();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the stack ended with ${code} before it was ready:\n${said}`)));
  });
}

/** The bucket of variants of a stack that does not run, as a hand at the platform's console reaches it. */
export async function withBucket(stateDir: string, work: (bucket: R2Like) => Promise<void>): Promise<void> {
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      resourcePersistencePath: stateRoot(stateDir),
      defaultPersistRoot: stateRoot(stateDir),
      modules: true,
      script: "export default { fetch() { return new Response() } }",
      r2Buckets: { IMAGES_BUCKET: "optimized-images" },
    }),
  );
  try {
    await work((await runtime.getR2Bucket("IMAGES_BUCKET")) as unknown as R2Like);
  } finally {
    await runtime.dispose();
  }
}

export interface R2Like {
  list(options: { prefix: string }): Promise<{ objects: { key: string }[] }>;
  delete(keys: string[]): Promise<void>;
}
