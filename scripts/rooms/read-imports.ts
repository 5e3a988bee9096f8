import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "vite";

export interface SourceFile {
  /** From the repository's root. */
  path: string;
  lines: number;
  /** What it imports, types included: paths from the root, or package names as they are written. */
  imports: readonly string[];
  /** The code without its comments. */
  code: string;
}

const FOLDERS = "{workers,packages,apps,dev,bench,test,scripts,examples}";

/** Tests and what only tests use. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/testing\/|\/test\/|^test\//.test(path);
}

export function readSources(root: string): SourceFile[] {
  const paths = globSync(`${FOLDERS}/**/*.{ts,tsx}`, { cwd: root, exclude: ["**/node_modules", "**/dist"] });
  return paths.toSorted().map((path) => readSource(path, readFileSync(join(root, path), "utf8")));
}

/** Reads one file with the parser that Vite brings. */
export function readSource(path: string, source: string): SourceFile {
  const { module, comments, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  let code = source;
  for (const { start, end } of comments.toReversed())
    code = code.slice(0, start) + code.slice(start, end).replace(/[^\n]/g, " ") + code.slice(end);
  const said = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    // `await import("…")` and `typeof import("…")`.
    ...[...code.matchAll(/\bimport\(\s*["']([^"']+)["']/g)].map(([, name = ""]) => name),
  ];
  const imports = said.map((name) => (name.startsWith(".") ? join(dirname(path), name) : name));
  return { path, lines: source.split("\n").length - 1, imports: [...new Set(imports)], code };
}
