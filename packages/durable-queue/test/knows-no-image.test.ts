import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const SOURCES = join(import.meta.dirname, "../src");
/** Words of Prewarm and of its one service, as whole words: in names of code (`sourceEtag`, `R2_MAX`) too. */
const WORDS = "image|variant|format|folder|etag|ittybit|r2|edge|viewer|upload";
const FOREIGN = new RegExp(`@prewarm/|(?<![a-z])(${WORDS})s?(?![a-z])|(?<=[a-z])(${titled(WORDS)})s?(?![a-z])`, "g");

function titled(words: string): string {
  return words.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}

/** The line with each letter in the case that the pattern reads: `Image` and `IMAGE` are `image`, `sourceEtag` stays. */
function foreignIn(line: string): string[] {
  const plain = line
    .replace("biome-ignore format", "")
    .replaceAll(/\b[A-Z][a-z]*|\b[A-Z\d_]+\b|(?<![a-z])[A-Z]+(?![a-z])/g, (word) => word.toLowerCase());
  return plain.match(FOREIGN) ?? [];
}

it.each([
  ["an Image of R2", 2],
  ["sourceEtag, imageTx, MAX_VIEWERS", 3],
  ['import { x } from "@prewarm/shared/job"', 1],
  ["information, hedged, acknowledged, uploaded later, formatted", 0],
])("the pattern reads %s", (line, count) => {
  expect(foreignIn(line)).toHaveLength(count);
});

it("the sources of the queue know nothing of pictures, and import no other package of this repository", () => {
  const found = globSync("**/*.ts", { cwd: SOURCES }).flatMap((file) =>
    readFileSync(join(SOURCES, file), "utf8")
      .split("\n")
      .flatMap((line, at) => foreignIn(line).map((word) => `${file}:${at + 1} ${word}: ${line.trim()}`)),
  );
  expect(found).toEqual([]);
});
