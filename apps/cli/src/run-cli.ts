import { nearest } from "@prewarm/shared/nearest";
import { printable } from "@prewarm/shared/printable";
import type { Command } from "./arguments/command.ts";
import { readArguments } from "./arguments/read-arguments.ts";
import type { Context } from "./platform/context.ts";
import { CliError, EXIT, type ExitCode } from "./platform/exit-codes.ts";
import { COMMANDS, findCommand } from "./program.ts";
import { isShell, renderCompletion, SHELLS } from "./render-completion.ts";
import { renderHelp } from "./render-help.ts";
import { VERSION } from "./version.ts";

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
      const stack = String(error instanceof Error ? error.stack : error).split("\n");
      stderr.write(`prewarm: this is a bug in prewarm: ${stack.map(printable).join("\n")}\n`);
      return EXIT.failed;
    }
    const lines = [`prewarm: ${error.message}`, ...error.hints.map((hint) => `  ${hint}`)];
    stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
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
    stdout.write(ownAnswer(argv, colors));
    return EXIT.ok;
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

/** What the program tells of itself: help, version, completion. Throws a usage error for any other word. */
function ownAnswer([word = "", ...rest]: readonly string[], colors: boolean): string {
  if (word === "--version" || word === "-V" || word === "version") return `${VERSION}\n`;
  if (word === "completion") {
    const [shell] = rest;
    if (isShell(shell)) return renderCompletion(shell);
    throw new CliError(EXIT.usage, `prewarm completion needs a shell: ${SHELLS.join(", ")}.`);
  }
  const about = word === "help" ? rest : [];
  if (word === "--help" || word === "-h" || (word === "help" && about.length === 0))
    return `${renderHelp(null, colors)}\n`;
  const asked = word === "help" ? (findCommand(about)?.command ?? null) : null;
  if (asked !== null) return `${renderHelp(asked, colors)}\n`;
  const stranger = word === "help" ? about : word === "" ? [] : [word];
  throw new CliError(EXIT.usage, unknownCommand(stranger), "prewarm --help lists the commands.");
}

function unknownCommand([word]: readonly string[]): string {
  if (word === undefined) return "No command is given.";
  const names = COMMANDS.map(({ name }) => name);
  if (names.some((name) => name.startsWith(`${word} `)))
    return `“${word}” needs a second word: ${names.filter((name) => name.startsWith(`${word} `)).join(", ")}.`;
  const near = nearest(word, names);
  return `There is no command “${word}”.${near === undefined ? "" : ` Did you mean ${near}?`}`;
}
