import { parseArgs } from "node:util";
import { nearest } from "@prewarm/shared/nearest";
import { usageError } from "../platform/exit-codes.ts";
import { type Arguments, COMMON_FLAGS, type Command, type Flag } from "./command.ts";

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** Reads what follows the command's name. Throws usage errors: an unknown or repeated flag, a value not allowed, operands amiss. */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const flags: Record<string, Flag> = { ...COMMON_FLAGS, ...command.flags };
  const { values, positionals } = parse(command, flags, argv);
  for (const [name, flag] of Object.entries(flags)) checkValues(name, flag, values[name]);
  if (values.help !== true) checkOperands(command, positionals);
  const given = (name: string): Values[string] => {
    if (!(name in flags)) throw new Error(`${command.name} declares no flag --${name}`);
    return values[name];
  };
  return {
    operands: positionals,
    flag: (name) => given(name) === true,
    text: (name) => {
      const value = given(name);
      return typeof value === "string" ? value : null;
    },
    list: (name) => [given(name) ?? []].flat().filter((value) => typeof value === "string"),
  };
}

function parse(command: Command, flags: Record<string, Flag>, argv: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, alias, multiple }]) => [
      name,
      { type, multiple: multiple === true, ...(alias === undefined ? {} : { short: alias }) },
    ]),
  );
  try {
    const parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true, tokens: true });
    const seen = new Set<string>();
    for (const token of parsed.tokens) {
      if (token.kind !== "option" || flags[token.name]?.multiple === true) continue;
      if (seen.has(token.name)) throw usageError(`--${token.name} is given twice.`);
      seen.add(token.name);
    }
    return { values: parsed.values as Values, positionals: parsed.positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw usageError(explain(error, Object.keys(flags)), `prewarm ${command.name} --help`);
  }
}

function explain(error: TypeError, names: readonly string[]): string {
  const unknown = /^Unknown option '(-{1,2})([^']*)'/.exec(error.message);
  if (unknown === null) return `${error.message.split(/\. |\n/)[0]?.replace(/\.$/, "")}.`;
  const near = nearest(unknown[2] ?? "", names);
  return `Unknown flag ${unknown[1]}${unknown[2]}.${near === null || near === undefined ? "" : ` Did you mean --${near}?`}`;
}

function checkValues(name: string, flag: Flag, value: Values[string]): void {
  if (flag.type !== "string") return;
  for (const text of [value ?? []].flat()) {
    if (text === "") throw usageError(`--${name} needs a value.`);
    if (flag.options !== undefined && !flag.options.includes(String(text)))
      throw usageError(`--${name} takes ${flag.options.join(", ")}, not ${text}.`);
  }
}

function checkOperands({ name, operands }: Command, given: readonly string[]): void {
  const { min, max, hint } = operands ?? { min: 0, max: 0, hint: "" };
  const help = `prewarm ${name} --help`;
  if (given.length < min) throw usageError(`prewarm ${name} needs ${hint}.`, help);
  if (given.length > max) throw usageError(`prewarm ${name} does not take “${given[max]}”.`, help);
}
