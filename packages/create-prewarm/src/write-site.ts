import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "./new-site.ts";
import { type NewSite, siteFiles } from "./site-files.ts";

/** What may be in a folder that counts as empty. */
const INVISIBLE = [".git", ".DS_Store"];

/** Throws when a new folder would not be new. */
export function refuseUsedFolder(folder: string): void {
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => !INVISIBLE.includes(name)) : [];
  if (there.length === 0) return;
  throw new InputError(`${folder} is not empty (${there.slice(0, 3).join(", ")}). Choose another name.`);
}

export interface Written {
  written: string[];
  kept: string[];
}

/** Writes the site's files, and no file that is there. Returns the paths of both. */
export function writeSite(folder: string, site: NewSite): Written {
  return writeFiles(folder, siteFiles(site));
}

/** The same for any files. */
export function writeFiles(folder: string, texts: ReadonlyMap<string, string>): Written {
  const files = [...texts];
  const isThere = ([path]: [string, string]): boolean => existsSync(join(folder, path));
  const kept = files.filter(isThere).map(([path]) => path);
  const missing = files.filter((file) => !isThere(file));
  for (const [path, text] of missing) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { written: missing.map(([path]) => path), kept };
}
