import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatCliDocs } from "../src/format-cli-docs.ts";

// Prints the command line's reference to docs/cli.md; with --check it only compares and exits 1 when they differ.
const FILE = join(import.meta.dirname, "../../../docs/cli.md");
const text = formatCliDocs();

if (!process.argv.includes("--check")) writeFileSync(FILE, text);
else if (readFileSync(FILE, "utf8") !== text) {
  console.error("docs/cli.md is not what the code says; run: node apps/cli/scripts/print-cli-docs.ts");
  process.exitCode = 1;
}
