import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { llmsFull, llmsList } from "./llms.ts";
import { inOrder, type MapPage, type MapSection, readMap } from "./map.ts";
import { readPages, type SitePage } from "./pages.ts";

/** A version in the switch, and the folder of the site where it stands. */
export interface Version {
  name: string;
  base: string;
}

export interface Stage {
  /** The repository's files of this version. */
  root: string;
  /** The folder that VitePress reads. */
  folder: string;
  version: Version;
  versions: readonly Version[];
}

interface Link {
  text: string;
  link?: string;
  items?: Link[];
}

/** Writes what VitePress reads: the pages, their images, and `site.json` for .vitepress/config.ts. Returns the pages. */
export function stage({ root, folder, version, versions }: Stage): {
  map: MapSection[];
  pages: SitePage[];
} {
  const map = readMap(readFileSync(join(root, "docs/start.md"), "utf8"));
  const pages = readPages(root);
  for (const { path, text } of pages) writeIfNew(join(folder, path), text);
  for (const [from, to] of [
    ["docs/images", "images"],
    ["docs/images", "public/images"],
    ["docs/openapi.json", "public/openapi.json"],
  ] as const)
    cpSync(join(root, from), join(folder, to), { recursive: true });
  cpSync(join(import.meta.dirname, "../../dashboard/public/icon.svg"), join(folder, "public/icon.svg"));
  // The same at 48 px: a page of the development server names no icon before its script runs.
  cpSync(join(import.meta.dirname, "favicon.ico"), join(folder, "public/favicon.ico"));
  const site = { base: version.base, themeConfig: { version, versions, sidebar: sidebarOf(map, pages) } };
  writeIfNew(join(folder, "site.json"), JSON.stringify(site));
  return { map, pages };
}

/** Adds what the build does not make: the Markdown version of each page, `llms.txt` and `llms-full.txt`. */
export function writeText(out: string, map: readonly MapSection[], pages: readonly SitePage[]): void {
  for (const { path, text } of pages) writeIfNew(join(out, path), text);
  writeFileSync(join(out, "llms.txt"), llmsList(map, pages));
  writeFileSync(join(out, "llms-full.txt"), llmsFull(map, pages));
}

/** The map, then the pages that no reader needs first. */
function sidebarOf(map: readonly MapSection[], pages: readonly SitePage[]): Link[] {
  const linkOf = ({ file, name }: MapPage): Link => {
    const page = pages.find((one) => one.file === file);
    if (page === undefined) throw new Error(`docs/start.md names ${file}, which is no page.`);
    return { text: name, link: `/${page.path}` };
  };
  const sections = map.map(
    ({ title, pages: own, subjects }): Link => ({
      text: title,
      items: [
        ...own.map(linkOf),
        ...subjects.map((subject) => ({ text: subject.title, items: subject.pages.map(linkOf) })),
      ],
    }),
  );
  const shown = new Set([...inOrder(map).map(({ file }) => file), "README.md", "docs/start.md"]);
  const more = pages.filter(({ file }) => file === null || (/^[A-Z]+\.md$/.test(file) && !shown.has(file)));
  return [
    { text: "Overview", link: "/" },
    { text: "Where to begin", link: "/start.md" },
    ...sections,
    { text: "Project", items: more.map(({ title, path }) => ({ text: title, link: `/${path}` })) },
  ];
}

/** Leaves an unchanged file alone, so that the development server reloads nothing. */
function writeIfNew(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** An empty folder. */
export function emptied(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
