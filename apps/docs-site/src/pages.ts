import { existsSync, globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** A page of the repository, as the site has it. */
export interface SitePage {
  /** Its file in the repository; a list of a folder's pages has none. */
  file: string | null;
  /** Its file in the site: `hooks.md` is the page `hooks.html` and its Markdown version. */
  path: string;
  /** Its first heading. */
  title: string;
  /** Markdown, with links that hold in the site. */
  text: string;
}

const SOURCES = [
  "README.md",
  "docs/*.md",
  "docs/internals/*.md",
  "{AGENTS,CHANGELOG,CONTRIBUTING,SECURITY}.md",
  "{examples,packages}/*/README.md",
  "decisions/*.md",
];
const LISTED = { internals: "Internals", examples: "Examples", packages: "Packages" };
const ASSETS = /^docs\/(images\/.+|openapi\.json)$/;

/** Where a file of the repository stands in the site; null: not in it. */
export function sitePath(file: string): string | null {
  if (file === "README.md") return "index.md";
  if (file === "decisions/README.md") return "decisions/index.md";
  const [, doc] = /^docs\/((?:internals\/)?[^/]+\.md)$/.exec(file) ?? [];
  if (doc !== undefined) return doc;
  const [, folder, name] = /^(examples|packages)\/([^/]+)\/README\.md$/.exec(file) ?? [];
  if (folder !== undefined) return `${folder}/${name}.md`;
  if (/^decisions\/[^/]+\.md$/.test(file)) return file;
  // A folder of their own keeps them apart from pages of docs where names have no case.
  if (/^[A-Z]+\.md$/.test(file)) return `project/${file.toLowerCase()}`;
  const list = file.replace(/^docs\/(?=internals$)/, "");
  return list in LISTED ? `${list}/index.md` : (ASSETS.exec(file)?.[1] ?? null);
}

/** All pages of the repository in `root`, and a list for each folder of pages. */
export function readPages(root: string): SitePage[] {
  const pages = globSync(SOURCES, { cwd: root })
    .sort()
    .map((file): SitePage => {
      const source = readFileSync(join(root, file), "utf8");
      const path = sitePath(file) ?? file;
      const title = /^# (.+)$/m.exec(source)?.[1]?.replaceAll("`", "") ?? path;
      return { file, path, title, text: withSiteLinks(source, (link) => siteLink(root, file, link)) };
    });
  const lists = Object.entries(LISTED).map(([folder, title]): SitePage => {
    const own = pages.filter(({ path }) => path.startsWith(`${folder}/`));
    const rows = own.map((page) => `- [${page.title}](${posix.basename(page.path)})`);
    return { file: null, path: `${folder}/index.md`, title, text: `# ${title}\n\n${rows.join("\n")}\n` };
  });
  return [...pages, ...lists];
}

/** A link of the page `file`, as it must be in the site. */
function siteLink(root: string, file: string, link: string): string {
  if (/^(?:[a-z]+:|#)/.test(link)) return link;
  const [name = "", anchor] = link.split("#");
  const target = posix.join(posix.dirname(file), decodeURIComponent(name)).replace(/\/$/, "");
  const readme = `${target}/README.md`;
  const there = sitePath(existsSync(join(root, readme)) ? readme : target);
  if (there === null) throw new Error(`${file} links to ${target}, which the site does not have.`);
  const path = posix.relative(posix.dirname(sitePath(file) ?? file), there);
  return `${path.startsWith("..") ? "" : "./"}${path}${anchor === undefined ? "" : `#${anchor}`}`;
}

/** The text with every link and every address of an image or an anchor replaced, outside of code. */
export function withSiteLinks(text: string, replace: (link: string) => string): string {
  const code: string[] = [];
  return text
    .replaceAll(/^( *)```[\s\S]*?^\1```|`[^`]+`/gm, (all) => `\0${code.push(all) - 1}\0`)
    .replaceAll(/\]\(([^)\s]+)\)/g, (_all, link: string) => `](${replace(link)})`)
    .replaceAll(/\b(href|src|srcset)="([^"]+)"/g, (_all, name: string, link: string) => `${name}="${replace(link)}"`)
    .replaceAll(/\0(\d+)\0/g, (_all, n: string) => code[Number(n)] ?? "");
}
