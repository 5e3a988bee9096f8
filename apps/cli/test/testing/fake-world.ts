import type { Context, Output } from "../../src/platform/context.ts";
import { createInterrupts } from "../../src/platform/interrupts.ts";

/** A stream that keeps what is written. */
export function createOutput(options: { isTTY?: boolean; columns?: number } = {}) {
  const writes: string[] = [];
  const output: Output = { ...options, write: (text) => writes.push(text) };
  return { output, writes, text: () => writes.join("") };
}

interface FakeWorld {
  context: Context;
  stdout(): string;
  stderr(): string;
  /** Ms that were slept in all; sleeping moves the clock and takes no time. */
  slept(): number;
  press(): void;
}

interface WorldOptions {
  env?: Record<string, string>;
  cwd?: string;
  uid?: number | null;
  stdin?: AsyncIterable<Uint8Array>;
  fetch?: (url: string, init: RequestInit) => Promise<Response> | Response;
  /** What the person types; null: nobody sits there. */
  typed?: string | null;
  graceful?: boolean;
  /** Programs that it runs. Default: none may be run. */
  run?: Context["run"];
  /** Whether a process runs. Default: every one does. */
  isRunning?: Context["isRunning"];
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The world of a command in a test: no network but `fetch`, no time but what it sleeps. */
export function createWorld({
  env = {},
  cwd = "/nowhere",
  uid = process.geteuid?.() ?? null,
  stdin,
  fetch,
  typed = null,
  graceful = true,
  run = () => Promise.reject(new Error("no program may be run in this test")),
  isRunning = () => true,
}: WorldOptions = {}): FakeWorld {
  let now = 1_700_000_000_000;
  let slept = 0;
  const tty = typed !== null;
  const [stdout, stderr] = [createOutput(), createOutput({ isTTY: tty })];
  const interrupts = createInterrupts(
    () => now,
    () => graceful,
  );
  const context: Context = {
    tidy: () => {},
    env,
    cwd,
    uid,
    stdin: Object.assign(stdin ?? nothing(), { isTTY: tty }),
    stdout: stdout.output,
    stderr: stderr.output,
    clock: { now: () => now, random: () => 0.5 },
    async sleep(ms, signal) {
      if (signal?.aborted) return;
      now += ms;
      slept += ms;
    },
    fetch: (async (url: string, init: RequestInit) => {
      if (fetch === undefined) throw new TypeError("no network in this test");
      return fetch(url, init);
    }) as typeof globalThis.fetch,
    interrupts,
    ask: async () => typed ?? "",
    run,
    pid: process.pid,
    isRunning,
  };
  const press = (): void => {
    now += 1000;
    interrupts.signal();
  };
  return { context, stdout: stdout.text, stderr: stderr.text, slept: () => slept, press };
}
