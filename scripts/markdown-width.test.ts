import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const WIDTH = 120;
/** Tables, headings, links and HTML cannot be wrapped. */
const UNWRAPPABLE = /^\s*(\||#|<|\[|!\[|\S+$)/;

/** A page that a script prints whole is reviewed as code. */
const PRINTED = "<!-- Printed by ";

/** Lines that a reviewer of a change would have to scroll to, outside of code and of what scripts print. */
function longLines(text: string): string[] {
  if (text.includes(PRINTED)) return [];
  const prose = text
    .replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, "")
    .replaceAll(/^<!-- (\w+:\S+)[\s\S]*?^<!-- \/\w+ -->/gm, "");
  return prose.split("\n").filter((line) => line.length > WIDTH && !UNWRAPPABLE.test(line));
}

it.each(globSync(["*.md", "{docs,decisions,packages,examples,test}/**/*.md"], { exclude: ["**/node_modules/**"] }))(
  "%s has lines of at most 120 characters, so that a change of one sentence is a change of few lines",
  (file) => {
    expect(longLines(readFileSync(file, "utf8"))).toEqual([]);
  },
);
