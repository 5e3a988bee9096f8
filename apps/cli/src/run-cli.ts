import { nearest } from "@prewarm/shared/nearest";
import type { Command } from "./arguments/command.ts";
import { readArguments } from "./arguments/read-arguments.ts";
import type { Context } from "./platform/context.ts";
import { CliError, EXIT, type ExitCode } from "./platform/exit-codes.ts";
import { COMMANDS, findCommand } from "./program.ts";
import { renderHelp } from "./render-help.ts";

/** Runs one command line and resolves with the exit code; never throws. `began` is told the command before it starts. */
export async function runCli(
  argv: readonly string[],
  context: Context,
  began: (command: Command) => void,
): Promise<ExitCode> {
  try {
    return await dispatch(argv, context, began);
  } catch (error) {
    const { stderr, interrupts } = context;
    if (interrupts.now.aborted) return EXIT.interrupted;
    if (!(error instanceof CliError)) {
      stderr.write(`prewarm: this is a bug in prewarm: ${error instanceof Error ? error.stack : error}\n`);
      return EXIT.failed;
    }
    stderr.write(`prewarm: ${error.message}\n${error.hint === null ? "" : `  ${error.hint}\n`}`);
    return error.exitCode;
  }
}

async function dispatch(
  argv: readonly string[],
  context: Context,
  began: (command: Command) => void,
): Promise<ExitCode> {
  const { stdout, env } = context;
  const colors = stdout.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  const found = findCommand(argv);
  if (found === null) {
    if (argv[0] === "--help" || argv[0] === "-h" || argv[0] === "help") {
      stdout.write(`${renderHelp(findCommand(argv.slice(1))?.command ?? null, colors)}\n`);
      return EXIT.ok;
    }
    throw new CliError(EXIT.usage, unknownCommand(argv), "prewarm --help lists the commands.");
  }
  const { command, rest } = found;
  const args = readArguments(command, rest);
  if (args.flag("help")) {
    stdout.write(`${renderHelp(command, colors)}\n`);
    return EXIT.ok;
  }
  began(command);
  return command.run(args, context);
}

function unknownCommand([word]: readonly string[]): string {
  if (word === undefined) return "No command is given.";
  const names = COMMANDS.map(({ name }) => name);
  if (names.some((name) => name.startsWith(`${word} `)))
    return `“${word}” needs a second word: ${names.filter((name) => name.startsWith(`${word} `)).join(", ")}.`;
  const near = nearest(word, names);
  return `There is no command “${word}”.${near === undefined ? "" : ` Did you mean ${near}?`}`;
}
