import type { Clock } from "@prewarm/shared/clock";
import type { Outcome, ProgramCall } from "./run-program.ts";

/** An output stream as this program uses it; `process.stdout` and a test's string collector both fit. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The standard input: its bytes, and whether it is a terminal. */
type Input = AsyncIterable<Uint8Array> & { readonly isTTY?: boolean | undefined };

/** What the first and the second Ctrl-C abort. */
export interface Interrupts {
  /** Aborts at the first Ctrl-C: the command finishes what is under way and starts nothing new. */
  readonly stop: AbortSignal;
  /** Aborts at the second Ctrl-C, or at the first where the command has nothing to finish: everything stops. */
  readonly now: AbortSignal;
}

/** Everything the program uses from outside: streams, clock, network. `main.ts` makes the real one, a test its own. */
export interface Context {
  env: Readonly<Record<string, string | undefined>>;
  /** Relative paths, `.prewarm/` and prewarm.config.ts are looked up from here. */
  cwd: string;
  /** The number of the user who runs this; null: the system has no such numbers. */
  uid: number | null;
  stdin: Input;
  stdout: Output;
  stderr: Output;
  clock: Clock;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  fetch: typeof fetch;
  interrupts: Interrupts;
  /** Asks a person and resolves with the line typed; `hidden`: it is not shown. Only called when stdin and stderr are a terminal. */
  ask(question: string, echo?: "hidden"): Promise<string>;
  /** Runs a program to its end. */
  run(call: ProgramCall): Promise<Outcome>;
  /** Called after each request of a long list, so that memory stays flat (small-heap.ts). */
  tidy(): void;
  /** This process. */
  pid: number;
  /** Whether a process of this machine still runs. */
  isRunning(pid: number): boolean;
}

/** True when a person may be asked. */
export function canAsk(context: Context): boolean {
  return context.stdin.isTTY === true && context.stderr.isTTY === true;
}
