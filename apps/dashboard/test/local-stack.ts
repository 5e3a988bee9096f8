import { readdirSync, readFileSync } from "node:fs";

/*
 * The local stack's types are the Workers' and this room's are the browser's; one program cannot hold both. So it is imported by a
 * name the compiler does not follow, and what is used of it is said here.
 */

export interface LocalStack {
  edgeUrl: string;
  controlUrl: string;
  adminToken: string;
  viewerToken: string;
  hookSecret: string;
  emulator: {
    control: {
      addFault(rule: {
        on?: "create" | "get" | "list" | "any";
        fault: { type: string; [option: string]: unknown };
        match?: { input?: string; options?: Record<string, unknown> };
      }): string;
      clearFaults(): void;
      /** Every job that was made. */
      jobs(): readonly { input: string }[];
    };
  } | null;
  close(): Promise<void>;
}

interface StackModule {
  startTestStack(): Promise<LocalStack>;
  until<T>(what: string, look: () => Promise<T>, done: (seen: T) => boolean, ms?: number): Promise<T>;
}

const pathTo = (file: string) => new URL(`../../../test/e2e/${file}`, import.meta.url).pathname;
const stack = (await import(pathTo("stack.ts"))) as StackModule;
const shared = (await import(pathTo("shared-stack.ts"))) as { useSharedStack(): () => LocalStack };

/** The whole local stack on free ports with a clean state. */
export const startTestStack = stack.startTestStack;
/** A stack that files share: each asks for pictures of a folder of its own, and leaves gate and faults as it found them. */
export const useSharedStack = shared.useSharedStack;
/** Asks again until it holds. */
export const until = stack.until;

/** Stops the Workers' runtime as a machine that hangs, or lets it go on; Linux only. */
export function signalRuntime(signal: "SIGSTOP" | "SIGCONT"): void {
  const children = readdirSync("/proc/self/task").flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  const runtimes = children.filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("workerd"));
  if (runtimes.length === 0) throw new Error("No workerd is a child of this process.");
  for (const pid of runtimes) process.kill(pid, signal);
}
