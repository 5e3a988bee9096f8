// The package as it is built, in others' hands: its types hold for the examples in TypeScript, and one program over every entry prints the same in
// Node, Deno and Bun, which npm brings for the time being. Needs the network, so it is a step of the night.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const home = join(import.meta.dirname, "..");
/** Without rights to the network, to files that are not the program's, or to write: it needs none. */
const RUNTIMES: Record<string, readonly [package_: string, ...command: string[]]> = {
  Deno: ["deno@2.9.6", "deno", "run", "--no-prompt", "program.mjs"],
  Bun: ["bun@1.4.5", "bun", "program.mjs"],
};

const STRICT = [
  ..."--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022 --lib es2023,dom".split(" "),
  ..."--allowImportingTsExtensions --skipLibCheck false --types".split(" "),
  "",
];

execFileSync(process.execPath, [join(home, "scripts/build.ts")], { stdio: "inherit" });
const folder = mkdtempSync(join(tmpdir(), "prewarm-runtimes-"));
try {
  cpSync(join(home, "dist"), join(folder, "node_modules/@prewarm/client"), { recursive: true });
  cpSync(join(home, "test/runtimes/program.mjs"), join(folder, "program.mjs"));
  for (const name of ["pages.ts", "placeholder.ts", "images.json", "prewarm.ts", "prewarm.public.ts"])
    cpSync(join(home, "../../examples/plain", name), join(folder, name));
  writeFileSync(join(folder, "package.json"), `{ "type": "module", "dependencies": { "@prewarm/client": "*" } }`);
  output("tsc", ...STRICT, "pages.ts", "placeholder.ts", "prewarm.ts");
  console.log("TypeScript: the examples' types hold");
  const wanted = output(process.execPath, "program.mjs");
  for (const [name, [package_, ...command]] of Object.entries(RUNTIMES)) {
    const same = output("npm", "exec", "--yes", `--package=${package_}`, "--", ...command) === wanted;
    console.log(`${name} (${package_}): ${same ? "prints what Node prints" : "prints something else"}`);
    if (!same) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
