import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RegExpParser } from "@eslint-community/regexpp";
import { analyse } from "scslre";
import { parseSync, Visitor } from "vite";

export interface SlowPattern {
  /** From the repository's root, with the line: `path:line`. */
  at: string;
  pattern: string;
  why: string;
}

export function readPatterns(path: string, source: string) {
  const found: any[] = [];
  const { program } = parseSync(path, source);
  new Visitor({
    Literal(node: any) { if (node.regex) found.push({start: node.start, ...node.regex}); },
  }).visit(program);
  return found;
}
const root = process.cwd();
let n=0; const t=performance.now();
for (const path of globSync("{workers,packages,apps,dev,bench,test,scripts,examples}/**/*.{ts,tsx,mjs,js}", { cwd: root, exclude: ["**/node_modules", "**/dist"] }).toSorted()) {
  const source = readFileSync(join(root, path), "utf8");
  for (const { start, pattern, flags } of readPatterns(path, source)) {
    n++;
    const ast = { pattern: new RegExpParser().parsePattern(pattern,0,pattern.length,{unicode: flags.includes("u"), unicodeSets: flags.includes("v")}), flags: new RegExpParser().parseFlags(flags) };
    const { reports } = analyse(ast as any);
    for (const r of reports) console.log(path+":"+source.slice(0,start).split("\n").length, `/${pattern}/${flags}`, r.type, r.exponential, r.character?.pattern);
  }
}
console.log(n, performance.now()-t);
