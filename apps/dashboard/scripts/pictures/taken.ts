import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { build, transform } from "esbuild";
import { SCENES, type Scene } from "./scenes.ts";

/*
 * taken.json says of each scene what its pictures show: a hash of the code that draws it, and the hashes of the two files. So a
 * test finds a picture that is older than what it shows, or that nobody took, without asking the clock.
 */

const ROOT = resolve(import.meta.dirname, "../../../..");
const TAKEN = join(import.meta.dirname, "taken.json");
export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** `shows`: of the sources; the others: of the files. */
export type Taken = Record<"shows" | Theme, string>;

/** A picture's file from the root. */
export function fileOf({ name }: Pick<Scene, "name">, theme: Theme): string {
  return `docs/images/${name}${theme === "dark" ? "-dark" : ""}.webp`;
}

export function readTaken(): Record<string, Taken> {
  return existsSync(TAKEN) ? JSON.parse(readFileSync(TAKEN, "utf8")) : {};
}

/** Notes that these scenes were taken now; those that are no more go. */
export async function writeTaken(scenes: readonly Scene[]): Promise<void> {
  const before = readTaken();
  const all: Record<string, Taken> = {};
  for (const scene of SCENES) {
    const kept = scenes.includes(scene) ? await takenNow(scene) : before[scene.name];
    if (kept !== undefined) all[scene.name] = kept;
  }
  writeFileSync(TAKEN, `${JSON.stringify(all, null, 2)}\n`);
}

/** What taken.json would say if the pictures as they stand were taken now. */
export async function takenNow(scene: Scene): Promise<Taken> {
  const file = (theme: Theme): string => {
    const path = join(ROOT, fileOf(scene, theme));
    return existsSync(path) ? hash(readFileSync(path)) : "no file";
  };
  const shown = await Promise.all(scene.shows.map((source) => drawn(source)));
  return { shows: hash(shown.join("\n")), light: file("light"), dark: file("dark") };
}

const hash = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/**
 * What of a source can be seen. Of a module: itself and the components that it imports, without comments, types and line breaks. The modules
 * that draw nothing do not count. Of a text: the pages that a reader writes by its code blocks.
 */
export async function drawn(source: string, root = ROOT): Promise<string> {
  const path = join(root, source);
  if (extname(path) === ".css")
    return (await transform(readFileSync(path, "utf8"), { loader: "css", minify: true })).code;
  if (extname(path) === ".md") return (readFileSync(path, "utf8").match(/^```sh\ncat > .*?^```$/gms) ?? []).join("\n");
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minifyWhitespace: true,
    legalComments: "none",
    write: false,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    plugins: [
      {
        name: "components-only",
        setup: ({ onResolve }) =>
          onResolve({ filter: /.*/ }, ({ kind, path: name }) =>
            kind === "entry-point" || (name.startsWith(".") && name.endsWith(".tsx"))
              ? null
              : { path: name, external: true },
          ),
      },
    ],
  });
  return outputFiles.map(({ text }) => text).join();
}
