import { CommanderError, type HelpConfiguration, Option, Command as Parser } from "commander";
import { createColors } from "picocolors";
import { type Arguments, COMMON_FLAGS, type Command, type Flag } from "./arguments/command.ts";
import type { Context } from "./platform/context.ts";
import { type CliError, EXIT, type ExitCode, usageError } from "./platform/exit-codes.ts";
import { COMMANDS, DESCRIPTION, GROUPS } from "./program.ts";
import { isShell, renderCompletion, SHELLS } from "./render-completion.ts";
import { VERSION } from "./version.ts";

type Outputs = Pick<Context, "stdout" | "stderr" | "env">;
type Run = (command: Command, args: Arguments) => Promise<void>;

const paint = createColors(true);
const COMMON_TITLE = "FLAGS OF EVERY COMMAND";

/** Runs the command of one command line and resolves with the exit code. Throws a usage error where the line is wrong. */
export async function runCommandLine(argv: readonly string[], outputs: Outputs, run: Run): Promise<ExitCode> {
  try {
    await createParser(outputs, run).parseAsync([...argv], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    // The help of a group stands on stderr already.
    if (error.code === "commander.help") return EXIT.usage;
    throw refusalOf(error, argv);
  }
}

/** The parser of all commands. */
export function createParser(outputs: Outputs, run: Run): Parser {
  const program = configure(new Parser("prewarm"), outputs)
    .description(`${DESCRIPTION}.`)
    .usage("<command> [flags]")
    .version(VERSION, "-v, --version", "Print the version")
    .addHelpText("after", "\nprewarm help <command> shows its flags and examples.");
  for (const [group, commands] of Object.entries(GROUPS))
    for (const command of commands) addCommand(program, group, command, outputs, run);
  addCompletion(program, outputs);
  return program;
}

/** It is no `Command`: it prints what all of them are. */
function addCompletion(program: Parser, { stdout }: Outputs): void {
  const parser = program.command("completion").helpGroup(titleOf("Look"));
  parser.argument("[shell]", SHELLS.join(", ")).description("Print what lets Tab complete commands and flags");
  parser.action((shell?: string) => {
    if (!isShell(shell)) throw usageError(`prewarm completion needs a shell: ${SHELLS.join(", ")}.`);
    stdout.write(renderCompletion(shell));
  });
}

function titleOf(group: string): string {
  return group.toUpperCase();
}

function addCommand(program: Parser, group: string, command: Command, outputs: Outputs, run: Run): void {
  const { name, description, operands, flags, examples } = command;
  let parser = program;
  for (const word of name.split(" "))
    parser = parser.commands.find((one) => one.name() === word) ?? configure(parser.command(word), outputs);
  parser
    .helpGroup(titleOf(group))
    .summary(description)
    .description(sentencesOf(command))
    // Among the flags of every command, so that the command's own stand before them.
    .addHelpOption(new Option("-h, --help", COMMON_FLAGS.help.description).helpGroup(COMMON_TITLE))
    .addHelpText("after", `\nEXAMPLES\n${examples.map((line) => `  ${line}`).join("\n")}`);
  for (const [flag, spec] of Object.entries(flags)) parser.addOption(optionOf(flag, spec));
  const { help: _, ...common } = COMMON_FLAGS;
  for (const [flag, spec] of Object.entries(common)) parser.addOption(optionOf(flag, spec).helpGroup(COMMON_TITLE));
  if (operands !== null) parser.argument("[operands...]", operands.description).usage(`${operands.hint} [flags]`);
  parser.action(() => run(command, argumentsOf(command, parser)));
}

function configure(parser: Parser, { stdout, stderr, env }: Outputs): Parser {
  const colors = stdout.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  return parser
    .exitOverride()
    .allowExcessArguments()
    .helpOption("-h, --help", COMMON_FLAGS.help.description)
    .configureHelp(HELP)
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => {},
      getOutHasColors: () => colors,
    });
}

/** What a command does, in full. */
export function sentencesOf({ description, more }: Pick<Command, "description" | "more">): string {
  return `${description}.${more === undefined ? "" : ` ${more}`}`;
}

const leaves = (parser: Parser): Parser[] =>
  parser.commands.flatMap((one) => [one, ...leaves(one)]).filter((one) => one.description() !== "");

const HELP: HelpConfiguration = {
  visibleCommands: leaves,
  subcommandTerm: (parser) => `${parser.parent?.parent ? `${parser.parent.name()} ` : ""}${parser.name()}`,
  styleTitle: paint.bold,
  styleSubcommandTerm: paint.cyan,
  styleOptionTerm: paint.cyan,
};

/** `-q, --quiet`, `--label <text>`, as help and docs/cli.md show it. */
export function termOf(name: string, { type, alias, valueHint, options }: Flag): string {
  const value = type === "boolean" ? "" : ` <${options?.join("|") ?? valueHint ?? "value"}>`;
  return `${alias === undefined ? "" : `-${alias}, `}--${name}${value}`;
}

function optionOf(name: string, flag: Flag): Option {
  const option = new Option(termOf(name, flag), flag.description);
  const { options, multiple } = flag;
  if (flag.type === "boolean") return option;
  // Commander takes an empty value, a flag in the place of a value, and the last of several values.
  return option.argParser((text: string, before: string[] | string | undefined) => {
    if (text === "" || /^--?[a-z]/i.test(text)) throw usageError(`--${name} needs a value.`);
    if (options !== undefined && !options.includes(text))
      throw usageError(`--${name} takes ${options.join(", ")}, not ${text}.`);
    if (before !== undefined && multiple !== true) throw usageError(`--${name} is given twice.`);
    return multiple === true ? [...(before ?? []), text] : text;
  });
}

function argumentsOf({ name, operands }: Command, parser: Parser): Arguments {
  const { min, max, hint } = operands ?? { min: 0, max: 0, hint: "" };
  const help = `prewarm ${name} --help`;
  if (parser.args.length < min) throw usageError(`prewarm ${name} needs ${hint}.`, help);
  if (parser.args.length > max) throw usageError(`prewarm ${name} does not take “${parser.args[max]}”.`, help);
  const given = (flag: string): unknown => {
    const option = parser.options.find(({ long }) => long === `--${flag}`);
    if (option === undefined) throw new Error(`${name} declares no flag --${flag}`);
    return parser.getOptionValue(option.attributeName());
  };
  return {
    operands: parser.args,
    flag: (flag) => given(flag) === true,
    text: (flag) => (given(flag) as string | undefined) ?? null,
    list: (flag) => [given(flag) ?? []].flat() as string[],
  };
}

/** Words of other programs that are not spelled like ours. The first option that the command has counts. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  "--env": ["to"],
  "--environment": ["to"],
  "--yes": ["confirm"],
  "--force": ["yes", "confirm"],
  delete: ["remove"],
  invalidate: ["purge"],
  logs: ["log"],
  start: ["dev"],
  undeploy: ["destroy"],
};

/** What the parser refuses: `error: unknown option '--stat'\n(Did you mean --state?)`, as sentences and a hint. */
function refusalOf({ message }: CommanderError, argv: readonly string[]): CliError {
  const [fault = "", near] = message.replace(/^error: /, "").split(/\n\(|\)$/);
  const [, given = null] = /^unknown (?:option|command) '([^'=]+)/.exec(fault) ?? [];
  const command = COMMANDS.find(({ name }) => name.split(" ").every((word, at) => argv[at] === word));
  const meant = given === null ? null : meantBy(given, command);
  const question = meant === null ? near : `Did you mean ${meant}?`;
  const help = command === undefined ? "prewarm help lists the commands." : `prewarm ${command.name} --help`;
  const sentence = `${fault.slice(0, 1).toUpperCase()}${fault.slice(1)}.`;
  if (question !== undefined) return usageError(`${sentence} ${question}`);
  return usageError(sentence, given === null ? null : help);
}

function meantBy(given: string, command: Command | undefined): string | null {
  const [first, ...others] = MEANT[given] ?? [];
  if (first === undefined) return null;
  if (!given.startsWith("--")) return first;
  const flags: Record<string, Flag> = { ...COMMON_FLAGS, ...command?.flags };
  const name = [first, ...others].find((one) => flags[one] !== undefined);
  const flag = name === undefined ? undefined : flags[name];
  return name === undefined || flag === undefined ? null : termOf(name, flag);
}
