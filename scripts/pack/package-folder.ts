import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Metafile } from "esbuild";

/* What the folders of all published packages have in common. */

export const ROOT = dirname(dirname(import.meta.dirname));

/** All packages of a release have the version of the repository. */
export const VERSION = String(readJson(join(ROOT, "package.json")).version);

/** The fields of every package.json. npm accepts a provenance only where `repository` names the repository of the workflow. */
function commonFields(env: Readonly<Record<string, string | undefined>>): object {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  const { license } = readJson(join(ROOT, "package.json"));
  return {
    version: VERSION,
    license,
    type: "module",
    ...(server && repository ? { repository: { type: "git", url: `git+${server}/${repository}.git` } } : {}),
    publishConfig: { access: "public", provenance: true },
  };
}

interface PackageFolder {
  folder: string;
  /** package.json without the common fields. */
  manifest: { name: string; [field: string]: unknown };
  /** The README, from the repository's root. */
  readme: string;
  /** Packages whose code is in the bundles, as folders of this machine. */
  bundled: readonly string[];
}

/** Writes everything beside the code: package.json, README, the licence, and the licences of what is bundled. */
export function writePackage({ folder, manifest, readme, bundled }: PackageFolder): void {
  const { name, ...fields } = manifest;
  const json = { name, ...commonFields(process.env), ...fields };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(json, null, 2)}\n`);
  copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  copyFileSync(join(ROOT, readme), join(folder, "README.md"));
  if (bundled.length > 0) writeFileSync(join(folder, "THIRD-PARTY.txt"), licencesOf(bundled));
}

/** The packages of a bundle: a licence asks to be passed on. The metafile's paths start at the repository's root. */
export function packagesIn({ inputs }: Metafile): string[] {
  return [...new Set(Object.keys(inputs).flatMap((file) => packageOf(file) ?? []))].map((path) => join(ROOT, path));
}

/** The folder of the package that a file belongs to; null for one of ours. */
function packageOf(file: string): string | null {
  const parts = file.split("/");
  const at = parts.lastIndexOf("node_modules") + 1;
  if (at === 0) return null;
  return parts.slice(0, at + (parts[at]?.startsWith("@") ? 2 : 1)).join("/");
}

function licencesOf(folders: readonly string[]): string {
  const texts = new Map<string, string>();
  for (const folder of folders) {
    const { name, version } = readJson(join(folder, "package.json"));
    texts.set(`${name} ${version}`, licenceIn(folder));
  }
  const sorted = [...texts].sort(([one], [other]) => one.localeCompare(other));
  return sorted.map(([title, text]) => `${title}\n\n${text}`).join(`\n${"-".repeat(80)}\n\n`);
}

function licenceIn(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return readFileSync(join(folder, file), "utf8");
  const { license } = readJson(join(folder, "package.json"));
  if (typeof license !== "string") throw new Error(`${folder} has no licence to pass on`);
  return `${license}, says its package.json. The package holds no text of the licence.\n`;
}

export function readJson(file: string): Record<string, unknown> {
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  return JSON.parse(readFileSync(file, "utf8"));
}
