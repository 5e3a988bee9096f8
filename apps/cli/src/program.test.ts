import { describe, expect, it } from "vitest";
import { readArguments } from "./arguments/read-arguments.ts";
import { COMMANDS, findCommand } from "./program.ts";

describe("the commands", () => {
  it.each(COMMANDS.map((each) => [each.name, each] as const))(
    "%s takes every example in its own help",
    (_, { examples }) => {
      for (const example of examples) {
        const line = example.replace(/^.*\| /, "").replace(/ > \S+$/, "");
        const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
        const found = findCommand(words.slice(1));
        expect(found).not.toBeNull();
        if (found !== null) readArguments(found.command, found.rest);
      }
    },
  );
});
