import { createColors } from "picocolors";
import { COMMON_FLAGS, type Command, type Flag } from "./arguments/command.ts";
import { COMMANDS, DESCRIPTION } from "./program.ts";
import { alignColumns } from "./terminal/table.ts";

/** A command's help, or the program's without one. Plain text unless `colors`. */
export function renderHelp(command: Command | null, colors: boolean): string {
  const paint = createColors(colors);
  const sections = command === null ? programSections() : commandSections(command);
  const text = sections.map(([title, rows]) => {
    const lines = alignColumns(rows.map(([name = "", ...rest]) => [paint.cyan(name), ...rest]));
    return [paint.bold(title), ...lines.map((line) => `  ${line}`)].join("\n");
  });
  const usage = command === null ? "prewarm <command> [flags]" : formatUsage(command);
  const description = command?.description ?? DESCRIPTION;
  const end =
    command === null
      ? [
          "prewarm help <command> tells more of a command, prewarm --version which version this is, and prewarm completion <bash|zsh|fish> makes Tab know all of it.",
        ]
      : [];
  return [`${description}.`, `${paint.bold("USAGE")}  ${paint.cyan(usage)}`, ...text, ...end].join("\n\n");
}

/** `prewarm jobs [flags]`, as help and docs/cli.md show it. */
export function formatUsage({ name, operands, flags }: Command): string {
  const hint = operands === null ? "" : ` ${operands.hint}`;
  return `prewarm ${name}${hint}${Object.keys(flags).length === 0 ? "" : " [flags]"}`;
}

/** `-q, --quiet`, `--label <text>`, as help and docs/cli.md show it. */
export function formatFlag(name: string, { type, alias, valueHint, options }: Flag): string {
  const value = type === "boolean" ? "" : ` <${options?.join("|") ?? valueHint ?? "value"}>`;
  return `${alias === undefined ? "" : `-${alias}, `}--${name}${value}`;
}

type Section = [title: string, rows: string[][]];

function programSections(): Section[] {
  return [["COMMANDS", COMMANDS.map(({ name, description }) => [name, description])]];
}

function commandSections({ operands, flags, examples }: Command): Section[] {
  const sections: Section[] = [
    ["ARGUMENTS", operands === null ? [] : [[operands.hint, operands.description]]],
    ["FLAGS", flagRows(flags)],
    ["FLAGS OF EVERY COMMAND", flagRows(COMMON_FLAGS)],
    ["EXAMPLES", examples.map((line) => [line])],
  ];
  return sections.filter(([, rows]) => rows.length > 0);
}

function flagRows(flags: Record<string, Flag>): Section[1] {
  return Object.entries(flags).map(([name, flag]) => [formatFlag(name, flag), flag.description]);
}
