import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build, type Metafile } from "esbuild";

/*
 * The command line as a package of its own: one file without dependencies, for Node 20 and later. Written to apps/cli/dist/prewarm, or to
 * the folder given: `npm pack` or `npm publish` it from there, or run its prewarm.mjs as it is.
 */

const CLI = dirname(import.meta.dirname);
const ROOT = join(CLI, "../..");

const folder = resolve(ROOT, process.argv[2] ?? "apps/cli/dist/prewarm");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const metafile = await bundle(join(folder, "prewarm.mjs"));
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
writeFileSync(join(folder, "THIRD-PARTY.txt"), licences(metafile));
copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
copyFileSync(join(ROOT, "docs/cli.md"), join(folder, "README.md"));
console.log(folder);

async function bundle(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [join(CLI, "src/main.ts")],
    outfile,
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    mainFields: ["module", "main"],
    // What is written for `require` finds one.
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
    metafile: true,
    logLevel: "warning",
  });
  return metafile;
}

function manifest(): object {
  const { version, description } = read(join(CLI, "package.json"));
  const { license } = read(join(ROOT, "package.json"));
  return {
    name: "prewarm",
    version,
    description,
    license,
    type: "module",
    bin: { prewarm: "prewarm.mjs" },
    files: ["prewarm.mjs", "THIRD-PARTY.txt"],
    engines: { node: ">=20" },
  };
}

/** The folder of the package that a file belongs to; null for one of ours. */
function packageOf(file: string): string | null {
  const parts = file.split("/");
  const at = parts.lastIndexOf("node_modules") + 1;
  if (at === 0) return null;
  return parts.slice(0, at + (parts[at]?.startsWith("@") ? 2 : 1)).join("/");
}

/** The licences of what went into the bundle: they ask to be passed on. */
function licences({ inputs }: Metafile): string {
  const packages = new Set(Object.keys(inputs).flatMap((file) => packageOf(file) ?? []));
  const texts = [...packages].sort().map((path) => {
    const { name, version } = read(join(ROOT, path, "package.json"));
    return `${name} ${version}\n\n${licenceOf(join(ROOT, path))}`;
  });
  return `${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

function licenceOf(path: string): string {
  const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${path} has no licence to pass on`);
  return readFileSync(join(path, file), "utf8");
}

function read(file: string): Record<string, string> {
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  return JSON.parse(readFileSync(file, "utf8"));
}
