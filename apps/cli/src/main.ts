#!/usr/bin/env node
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { systemClock } from "@prewarm/shared/clock";
import type { Command } from "./arguments/command.ts";
import type { Context } from "./platform/context.ts";
import { EXIT } from "./platform/exit-codes.ts";
import { createInterrupts } from "./platform/interrupts.ts";
import { runProgram } from "./platform/run-program.ts";
import { sleep } from "./platform/sleep.ts";
import { keepHeapSmall } from "./platform/small-heap.ts";
import { runCli } from "./run-cli.ts";

/** The composition root: the only file that knows `process`. */

let running: Command | null = null;
let tidy: (() => void) | null = null;
const interrupts = createInterrupts(systemClock.now, () => running?.graceful === true);

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  uid: process.geteuid?.() ?? null,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  sleep,
  fetch,
  interrupts,
  run: runProgram,
  tidy: () => {
    tidy ??= keepHeapSmall();
    tidy();
  },
  pid: process.pid,
  isRunning(pid) {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      // EPERM: it runs, as another user.
      return error instanceof Error && "code" in error && error.code === "EPERM";
    }
  },
  async ask(question, echo) {
    if (echo === "hidden") process.stderr.write(question);
    const output = echo === "hidden" ? new Writable({ write: (_text, _encoding, done) => done() }) : process.stderr;
    const lines = createInterface({ input: process.stdin, output, terminal: true });
    try {
      return await lines.question(question, { signal: interrupts.stop });
    } catch {
      return "";
    } finally {
      lines.close();
      if (echo === "hidden") process.stderr.write("\n");
    }
  },
};

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupts.signal);
// Whoever reads our output may stop reading (`prewarm jobs | head`): that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failed),
);
// The second Ctrl-C does not wait for anything.
interrupts.now.addEventListener("abort", () => process.exit(EXIT.interrupted));

const code = await runCli(process.argv.slice(2), context, (command) => {
  running = command;
});
// An open keep-alive connection or stdin would keep the process; what is written to stdout is flushed first.
process.stdout.write("", () => process.exit(code));
