import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { PACKAGES } from "@prewarm/shared/packages";
import { type NewSite, versionRange } from "./site-files.ts";

/** What was typed; null: nothing. */
export interface Given {
  /** The site's name. */
  name: string | null;
  originals: string | null;
  host: string | null;
  ci: boolean;
  /** A folder of tarballs to install from. */
  packages: string | null;
  /** Take the defaults of what was not typed. */
  yes: boolean;
}

/** Asks a person, and resolves with the line typed. Null: there is no terminal. */
export type Ask = ((question: string) => Promise<string>) | null;

/** Something that was typed is wrong. The message says what to type. */
export class InputError extends Error {}

/** npm's rule, as far as a site needs it. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,213}$/;
const HOST = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;
const ORIGINALS = "https://www.example.com/originals/{id}";

/** Makes a site of what was typed, of answers and of defaults. `version`: of this program, which is the oldest that the site takes. */
export async function readSite(given: Given, ask: Ask, version: string): Promise<NewSite> {
  if (ask === null && !given.yes)
    throw new InputError("There is no terminal to ask questions on. Take the defaults with --yes.");
  const asked = given.yes ? null : ask;
  const name = nameOf(given.name ?? (await answerTo(asked, "Name of the site", "my-images")));
  const originals = originalsOf(
    given.originals ?? (await answerTo(asked, "URL of your originals, with {id}", ORIGINALS)),
  );
  const host = hostOf(given.host ?? (await answerTo(asked, "Host of image URLs in production, if you have it", "")));
  const ci = given.ci || /^y/i.test(await answerTo(asked, "A GitHub workflow that deploys to staging (y/n)", "n"));
  return { name, originals, host, ci, hosts: [], widths: null, versions: versionsOf(given.packages, version) };
}

async function answerTo(ask: Ask, question: string, otherwise: string): Promise<string> {
  const answer = await ask?.(`${question}${otherwise === "" ? "" : ` [${otherwise}]`}: `);
  return answer?.trim() || otherwise;
}

function nameOf(name: string): string {
  if (NAME.test(name)) return name;
  throw new InputError(`"${name}" is no name for npm: use a to z, digits, dots, hyphens and underscores.`);
}

function originalsOf(text: string): string {
  const url = URL.parse(text.replace("{id}", "id"));
  if (url?.protocol !== "https:") throw new InputError(`"${text}" is no https URL.`);
  if (!text.includes("{id}")) throw new InputError(`"${text}" has no {id}, the place of an image's id.`);
  return text;
}

function hostOf(text: string): string | null {
  if (text === "") return null;
  if (HOST.test(text)) return text;
  throw new InputError(`"${text}" is no host, such as images.example.com.`);
}

/** What the site installs: the newest versions from npm, or the tarballs of a folder. */
function versionsOf(folder: string | null, version: string): Record<string, string> {
  const names = [PACKAGES.prewarm, PACKAGES.local];
  if (folder === null) return Object.fromEntries(names.map((name) => [name, versionRange(version)]));
  return Object.fromEntries(names.map((name) => [name, `file:${tarballOf(resolve(folder), name, version)}`]));
}

/** As `npm pack` names it. */
function tarballOf(folder: string, name: string, version: string): string {
  const file = join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  if (existsSync(file)) return file;
  const there = existsSync(folder) ? readdirSync(folder).join(", ") || "nothing" : "no folder";
  throw new InputError(`${file} is not there: ${folder} has ${there}.`);
}

/** The name of a site in a folder that has none yet. */
export function nameOfFolder(folder: string): string {
  return (
    basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]+/g, "-")
      .replace(/^[._-]+/, "") || "my-images"
  );
}
