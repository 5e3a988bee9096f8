import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { fileFaults } from "../apps/cli/src/site/wrangler-files.ts";
import site from "../prewarm.config.ts";
import { printTables } from "./tables.ts";

/*
 * Fills the marked blocks of the pages: `<!-- table:NAME -->` … `<!-- /table -->` with a table made of the code, and
 * `<!-- file:PATH -->` … `<!-- /file -->` with that file; and prints both wrangler files. `--check` writes nothing and exits 1 where a block
 * or a file is not what it should be.
 */

const BLOCK = /<!-- (?<kind>table|file):(?<name>\S+) -->\n.*?<!-- \/\k<kind> -->/gs;

/** A page with its blocks filled. Throws on a name that nothing stands for, and on a block that the page has twice. */
export function fillBlocks(page: string, tables: Map<string, string>, readFile: (path: string) => string): string {
  const filled = new Set<string>();
  return page.replaceAll(BLOCK, (...match) => {
    const { kind, name }: { kind: string; name: string } = match.at(-1);
    if (filled.has(`${kind}:${name}`)) throw new Error(`the block ${kind}:${name} stands twice in one page`);
    filled.add(`${kind}:${name}`);
    const content =
      kind === "table" ? tables.get(name) : `\`\`\`${extname(name).slice(1)}\n${readFile(name).trimEnd()}\n\`\`\``;
    if (content === undefined)
      throw new Error(`there is no table "${name}"; there are ${[...tables.keys()].join(", ")}`);
    return `<!-- ${kind}:${name} -->\n${content}\n<!-- /${kind} -->`;
  });
}

function main(isCheck: boolean): void {
  const root = dirname(import.meta.dirname);
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const tables = printTables(read("packages/shared/src/config.ts"), read("packages/shared/src/deploy.ts"));
  const pages = globSync(["README.md", "docs/**/*.md", "packages/*/README.md"], { cwd: root });
  const faults = fileFaults(site);
  const printed = new Map([
    ...pages.map((page) => [page, fillBlocks(read(page), tables, read)] as const),
    ...(faults.length === 0 ? printFiles(site, REPOSITORY) : []),
  ]);
  const stale = [...printed].filter(([file, text]) => !existsSync(join(root, file)) || read(file) !== text);
  if (!isCheck) for (const [file, text] of stale) writeFileSync(join(root, file), text);
  for (const [file] of stale) console.log(`${isCheck ? "stale" : "written"}: ${file}`);
  if (faults.length > 0) {
    console.error(`The wrangler files are not printed: prewarm.config.ts is at fault.\n${faults.join("\n")}`);
    process.exitCode = 1;
  }
  if (isCheck && stale.length > 0) {
    console.error(
      "Some tables or files are not what the code says; run: node scripts/boot.mjs node scripts/print-tables.ts",
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) main(process.argv.includes("--check"));
