import { execFile } from "node:child_process";
import { promisify } from "node:util";

const EVERY_MS = 5_000;
const run = promisify(execFile);

/** Resident memory of a process group's workerd, in MB; null: it does not run. */
async function workerdMegabytes(group: number): Promise<number | null> {
  const { stdout } = await run("ps", ["-e", "-o", "pgid=,rss=,args="]).catch(() => ({ stdout: "" }));
  const kilobytes = stdout
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => Number(found?.[1]) === group && /workerd/.test(found?.[3] ?? ""))
    .map((found) => Number(found?.[2]));
  return kilobytes.length === 0 ? null : Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1_024);
}

export interface MemoryPoint {
  seconds: number;
  /** Null: the stack was down. */
  megabytes: number | null;
  /** Jobs made so far. */
  jobs: number;
}

/** Notes the memory of workerd every few seconds. */
export function watchMemory(group: () => number | null, jobs: () => number): { stop(): MemoryPoint[] } {
  const began = performance.now();
  const points: MemoryPoint[] = [];
  const timer = setInterval(async () => {
    const running = group();
    const megabytes = running === null ? null : await workerdMegabytes(running);
    points.push({ seconds: Math.round((performance.now() - began) / 1_000), megabytes, jobs: jobs() });
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return points;
    },
  };
}

const SHOWN = 60;

/** At most 60 points, evenly taken. */
export function memoryLine(points: readonly MemoryPoint[]): string {
  const step = Math.max(1, Math.ceil(points.length / SHOWN));
  const shown = points.filter((_, n) => n % step === 0 || n === points.length - 1);
  return shown.map(({ seconds, megabytes, jobs }) => `${seconds}s/${jobs}: ${megabytes ?? "down"}`).join("  ");
}
