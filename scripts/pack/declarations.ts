import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./package-folder.ts";

/** What the packages' compilers have of their own, such as `types` and `lib`. */
type CompilerOptions = Readonly<Record<string, unknown>>;

/** For packages that may name the types of what they install, and of Node, but those of no platform. */
export const NO_PLATFORM: CompilerOptions = {
  exactOptionalPropertyTypes: true,
  lib: ["es2024"],
  types: ["node"],
  typeRoots: [join(ROOT, "node_modules/@types")],
};

/** Writes the declaration files of these sources below `home`, where they lie as the sources do. */
export function writeDeclarations(home: string, files: readonly string[], outDir: string, own: CompilerOptions): void {
  const work = mkdtempSync(join(tmpdir(), "prewarm-types-"));
  try {
    const project = join(work, "tsconfig.json");
    const compilerOptions = {
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: home,
      outDir,
      strict: true,
      target: "es2024",
      module: "esnext",
      moduleResolution: "bundler",
      rewriteRelativeImportExtensions: true,
      ...own,
    };
    writeFileSync(project, JSON.stringify({ files: files.map((file) => join(home, file)), compilerOptions }));
    execFileSync("tsc", ["--project", project], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
