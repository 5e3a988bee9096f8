import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { writeDeclarations } from "./declarations.ts";
import { ROOT } from "./package-folder.ts";

const CONFIG = "packages/shared/src/config.ts";
/** The grammars of old URLs: `prewarm/legacy/<name>`. */
export const GRAMMARS = ["cloudinary", "imgix", "cloudflare", "netlify", "next", "ipx", "wordpress", "query"] as const;
const SEEN = [
  ...["edge", "consumer", "rewriter"].map((name) => `scripts/pack/types/${name}.ts`),
  ...GRAMMARS.map((name) => `packages/legacy-urls/src/${name}.ts`),
];

/** Writes the declaration files of all that a site imports, and of what they name. */
export function writeTypes(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const emitted = mkdtempSync(join(tmpdir(), "prewarm-types-"));
  try {
    writeDeclarations(ROOT, [CONFIG, ...SEEN], emitted, {
      lib: ["es2024", "dom"],
      types: [],
      // What is found in node_modules is another's, so that the compiler may emit nothing for it.
      paths: { "@prewarm/shared/*": [join(ROOT, "packages/shared/src/*.ts")] },
    });
    for (const file of reachable(emitted, [CONFIG, ...SEEN]))
      writeFileSync(join(folder, basename(file)), asPacked(readFileSync(file, "utf8")));
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

function asDeclaration(path: string): string {
  return path.replace(/\.[tj]s$/, ".d.ts");
}

/** The declaration files of these sources, and those that they import. */
function reachable(root: string, entries: readonly string[]): Set<string> {
  const found = new Set(entries.map((path) => join(root, asDeclaration(path))));
  for (const file of found) {
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"([^"]*)"/g)) {
      const shared = /^@prewarm\/shared\/(.+)$/.exec(path)?.[1];
      if (shared !== undefined) found.add(join(root, `packages/shared/src/${shared}.d.ts`));
      else if (path.startsWith(".")) found.add(join(dirname(file), asDeclaration(path)));
    }
  }
  return found;
}

/** All files lie in one folder, and TypeScript wants the name of the script. */
function asPacked(text: string): string {
  const own = text.replaceAll(/((?:from |import\()")@prewarm\/shared\/(?:[^"/]+\/)*([^"/]+)"/g, '$1./$2.js"');
  return own.replaceAll(/((?:from |import\()")\.[^"]*?([^/"]+)\.[tj]s"/g, '$1./$2.js"');
}
