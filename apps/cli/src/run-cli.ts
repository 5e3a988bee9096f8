import { printable } from "@prewarm/shared/printable";
import type { Command } from "./arguments/command.ts";
import { withAddresses } from "./arguments/environment.ts";
import { runCommandLine } from "./command-line.ts";
import type { Context } from "./platform/context.ts";
import { CliError, EXIT, type ExitCode } from "./platform/exit-codes.ts";
import { asTyped } from "./terminal/as-typed.ts";

/** Runs one command line and resolves with the exit code; never throws. `began` is told the command before it starts. */
export async function runCli(
  argv: readonly string[],
  context: Context,
  began: (command: Command) => void,
): Promise<ExitCode> {
  try {
    let code: ExitCode = EXIT.ok;
    const own = await runCommandLine(argv, context, async (command, args) => {
      began(command);
      code = await command.run(await withAddresses(args, context), context);
    });
    return own === EXIT.ok ? code : own;
  } catch (error) {
    const { stderr, interrupts } = context;
    if (interrupts.now.aborted) return EXIT.interrupted;
    if (!(error instanceof CliError)) {
      const stack = String(error instanceof Error ? error.stack : error).split("\n");
      stderr.write(`prewarm: this is a bug in prewarm: ${stack.map(printable).join("\n")}\n`);
      return EXIT.failed;
    }
    const lines = [`prewarm: ${error.message}`, ...error.hints.map((hint) => `  ${asTyped(hint, context.env)}`)];
    stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
    return error.exitCode;
  }
}
