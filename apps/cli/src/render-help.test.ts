import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { COMMON_FLAGS } from "./arguments/command.ts";
import { COMMANDS } from "./program.ts";
import { renderHelp } from "./render-help.ts";

it("lists every command with what it does", () => {
  const help = renderHelp(null, false);
  for (const { name, description } of COMMANDS) expect(help).toMatch(new RegExp(`^  ${name} +${description}$`, "m"));
});

it.each(COMMANDS.map((command) => [command.name, command] as const))(
  "%s --help shows its usage, every flag and every example",
  (name, command) => {
    const help = renderHelp(command, false);
    expect(help).toContain(`USAGE  prewarm ${name}`);
    for (const flag of Object.keys({ ...command.flags, ...COMMON_FLAGS })) expect(help).toContain(`--${flag}`);
    for (const example of command.examples) expect(help).toContain(`  ${example}`);
    expect(help).not.toMatch(/ $/m);
  },
);

it("is the same in colours", () => {
  const [command = null] = COMMANDS;
  expect(stripVTControlCharacters(renderHelp(command, true))).toBe(renderHelp(command, false));
});
