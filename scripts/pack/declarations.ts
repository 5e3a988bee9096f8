import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./package-folder.ts";

/**
 * Writes the declaration files of these sources below `home`, where they lie as the sources do. They may name the types of what `home`
 * installs, and of Node, but those of no platform.
 */
export function writeDeclarations(home: string, files: readonly string[], outDir: string): void {
  const work = mkdtempSync(join(tmpdir(), "prewarm-types-"));
  try {
    const project = join(work, "tsconfig.json");
    const compilerOptions = {
      ...{ declaration: true, emitDeclarationOnly: true, rootDir: home, outDir },
      ...{ strict: true, exactOptionalPropertyTypes: true, target: "es2024", lib: ["es2024"] },
      ...{ types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] },
      ...{ module: "esnext", moduleResolution: "bundler", rewriteRelativeImportExtensions: true },
    };
    writeFileSync(project, JSON.stringify({ files: files.map((file) => join(home, file)), compilerOptions }));
    execFileSync("tsc", ["--project", project], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
