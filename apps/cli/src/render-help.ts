import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import { COMMON_FLAGS, type Command, type Flag } from "./arguments/command.ts";
import { COMMANDS, DESCRIPTION } from "./program.ts";

/** A command's help, or the program's without one. Plain text unless `colors`. */
export async function renderHelp(command: Command | null, colors: boolean): Promise<string> {
  const text = await renderUsage(command === null ? programDef() : commandDef(command));
  const examples = command === null ? [] : ["", "EXAMPLES", "", ...command.examples.map((line) => `  ${line}`)];
  const whole = [text, ...examples].join("\n");
  return colors ? whole : stripVTControlCharacters(whole);
}

function programDef(): CommandDef {
  const subCommands = Object.fromEntries(
    COMMANDS.map(({ name, description }) => [name, { meta: { name, description } }]),
  );
  return { meta: { name: "prewarm", description: DESCRIPTION }, subCommands };
}

function commandDef({ name, description, operands, flags }: Command): CommandDef {
  const args: ArgsDef = {};
  if (operands !== null) {
    const required = operands.min > 0;
    args[operands.hint.replace(/[<>[\]]/g, "")] = { type: "positional", description: operands.description, required };
  }
  for (const [flag, definition] of Object.entries({ ...flags, ...COMMON_FLAGS })) args[flag] = argument(definition);
  return { meta: { name: `prewarm ${name}`, description }, args };
}

function argument({ type, description, alias, valueHint, options }: Flag): ArgsDef[string] {
  const named = { description, ...(alias === undefined ? {} : { alias }) };
  if (type === "boolean") return { type, ...named };
  if (options !== undefined) return { type: "enum", options: [...options], ...named };
  return { type, ...named, ...(valueHint === undefined ? {} : { valueHint }) };
}
