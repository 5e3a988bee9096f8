import type { Clock } from "@prewarm/shared/clock";

/** An output stream as this program uses it; `process.stdout` and a test's string collector both fit. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The standard input: bytes, and whether a person sits there. */
type Input = AsyncIterable<Uint8Array> & { readonly isTTY?: boolean | undefined };

/** Ctrl-C, once and twice. */
export interface Interrupts {
  /** The first: finish what is under way, start nothing new. */
  readonly stop: AbortSignal;
  /** The second, or the first in a command that has nothing to finish: drop everything. */
  readonly now: AbortSignal;
}

/** Everything the program knows of the world outside. `main.ts` makes the real one. */
export interface Context {
  env: Readonly<Record<string, string | undefined>>;
  /** Relative paths, `.prewarm/` and prewarm.config.ts are looked up from here. */
  cwd: string;
  stdin: Input;
  stdout: Output;
  stderr: Output;
  clock: Clock;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  fetch: typeof fetch;
  interrupts: Interrupts;
  /** Asks a person and resolves with the line typed. Only called when stdin and stderr are a terminal. */
  ask(question: string): Promise<string>;
}

/** True when a person may be asked. */
export function canAsk(context: Context): boolean {
  return context.stdin.isTTY === true && context.stderr.isTTY === true;
}
