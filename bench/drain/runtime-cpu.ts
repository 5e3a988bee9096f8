import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in hundredths of a second (`getconf CLK_TCK`). */
const TICK_MS = 10;

/** pid, name, parent, and the CPU time of all threads that the process has or had, ms. */
function processes(): { pid: number; name: string; parent: number; cpuMs: number }[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const line = readFileSync(`/proc/${entry}/stat`, "utf8");
      // The name stands in brackets, and may have some itself.
      const end = line.lastIndexOf(")");
      const fields = line.slice(end + 2).split(" ");
      const cpuMs = TICK_MS * (Number(fields[11]) + Number(fields[12]));
      return [{ pid: Number(entry), name: line.slice(line.indexOf("(") + 1, end), parent: Number(fields[1]), cpuMs }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/**
 * The CPU time that the runtime has used which this process started, ms: the load of the machine hardly moves it, as it moves a rate. From
 * the kernel, so on Linux only; NaN elsewhere. `pid`: of the process that started workerd.
 */
export function runtimeCpuMs(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const own = processes().filter(({ name, parent }) => name === "workerd" && parent === pid);
  if (own.length === 0) throw new Error(`the process ${pid} has started no workerd`);
  return own.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}
