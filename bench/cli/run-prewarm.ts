import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundleProgram } from "../../scripts/pack/prewarm.ts";

const SAMPLE_MS = 100;
/** By then the program is loaded, and what it holds for itself is there. */
const LOADED_MS = 1_000;

/** One program that ran to its end. */
export interface Ran {
  code: number | null;
  ms: number;
  stdout: string;
  /** Resident memory in MB: after a second, and at most; NaN where the machine does not tell, or it ended before. */
  loadedMb: number;
  peakMb: number;
}

/** The command line as it is published: one file. */
export async function packPrewarm(folder: string): Promise<string> {
  const program = join(folder, "prewarm.mjs");
  await bundleProgram(program);
  return program;
}

/** Runs a Node program in a folder; `stopWhen`: it gets one SIGINT as soon as this says so. */
export async function run(
  args: readonly string[],
  { cwd, env, stopWhen }: { cwd: string; env: Record<string, string>; stopWhen?: () => boolean },
): Promise<Ran> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  let [loadedMb, peakMb, isStopped] = [Number.NaN, Number.NaN, false];
  const timer = setInterval(() => {
    const megabytes = residentMb(child);
    if (performance.now() - started > LOADED_MS && Number.isNaN(loadedMb)) loadedMb = megabytes;
    // A sample after the exit is NaN, and is none.
    if (megabytes > peakMb || Number.isNaN(peakMb)) peakMb = megabytes;
    if (isStopped || stopWhen?.() !== true) return;
    isStopped = true; // a second one would end it at once
    child.kill("SIGINT");
  }, SAMPLE_MS);
  const [code] = await once(child, "close");
  clearInterval(timer);
  return { code, ms: performance.now() - started, stdout, loadedMb, peakMb };
}

function residentMb({ pid }: ChildProcess): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000;
  } catch {
    return Number.NaN; // it has just ended
  }
}

/** Chunks that the run noted in this folder has had accepted. */
export function chunksAccepted(cwd: string): number {
  const folder = join(cwd, ".prewarm");
  const name = existsSync(folder) ? readdirSync(folder).find((each) => each.endsWith(".json")) : undefined;
  return name === undefined ? 0 : JSON.parse(readFileSync(join(folder, name), "utf8")).chunks;
}
