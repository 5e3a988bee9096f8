import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { ROOT } from "./package-folder.ts";

const CONFIG = "packages/shared/src/config.ts";
const SEEN = ["edge", "consumer"].map((name) => `scripts/pack/types/${name}.ts`);

/** Writes the declaration files of `prewarm/config`, `prewarm/edge` and `prewarm/consumer`, and of what they name. */
export function writeTypes(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const emitted = mkdtempSync(join(tmpdir(), "prewarm-types-"));
  try {
    const options =
      "--ignoreConfig --declaration --emitDeclarationOnly --noEmit false --rewriteRelativeImportExtensions";
    const strict = "--strict --target es2024 --lib es2024,dom --module esnext --moduleResolution bundler --types";
    const words = [...options.split(" "), ...strict.split(" "), "", "--rootDir", ROOT, "--outDir", emitted];
    execFileSync("tsc", [...words, "--allowImportingTsExtensions", "false", CONFIG, ...SEEN], {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
    });
    for (const file of reachable([CONFIG, ...SEEN].map((path) => join(emitted, asDeclaration(path)))))
      writeFileSync(join(folder, basename(file)), asPacked(readFileSync(file, "utf8")));
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

function asDeclaration(path: string): string {
  return path.replace(/\.[tj]s$/, ".d.ts");
}

/** The declaration files, and those that they import by a path. */
function reachable(entries: readonly string[]): Set<string> {
  const found = new Set(entries);
  for (const file of found)
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]*)"/g))
      found.add(join(dirname(file), asDeclaration(path)));
  return found;
}

/** All files lie in one folder, and TypeScript wants the name of the script. */
function asPacked(text: string): string {
  return text.replaceAll(/((?:from |import\()")\.[^"]*?([^/"]+)\.[tj]s"/g, '$1./$2.js"');
}
