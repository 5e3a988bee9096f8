/** Folders under one parent, above which they are the values of one parameter. Those at the top are a site's sections, however many. */
const FOLDERS_MAX = 8;
/** Parts of a path that count: no site groups its pages by more, and a hostile address has thousands. */
const PARTS_MAX = 20;

/**
 * The template of each page, told by the paths: the last part of a path is a value (`/products/*`), and so is a folder that has more than
 * eight folders beside it, below the top.
 */
export function templatesOf(pages: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  group(
    pages.map((page) => ({ page, parts: partsOf(page) })),
    "",
    found,
  );
  return found;
}

interface Named {
  page: string;
  /** What is left of its path. */
  parts: readonly string[];
}

function group(pages: readonly Named[], prefix: string, found: Map<string, string>): void {
  const folders = new Map<string, Named[]>();
  for (const one of pages) {
    const { page, parts } = one;
    const [first = ""] = parts;
    if (parts.length > 1) {
      const list = folders.get(first) ?? [];
      list.push(one);
      folders.set(first, list);
      continue;
    }
    const ending = /\.css$/i.exec(page)?.[0] ?? "";
    found.set(page, parts.length === 0 ? `${prefix}/` : `${prefix}/*${ending}`);
  }
  const rest = (list: readonly Named[]) => list.map(({ page, parts }) => ({ page, parts: parts.slice(1) }));
  if (prefix !== "" && folders.size > FOLDERS_MAX) group(rest([...folders.values()].flat()), `${prefix}/*`, found);
  else for (const [name, list] of folders) group(rest(list), `${prefix}/${name}`, found);
}

/** The parts of a page's path; `index.html` is the folder itself. */
function partsOf(page: string): string[] {
  const path = /^https?:\/\//i.test(page) ? new URL(page).pathname : page;
  const parts = path.split("/").filter((part) => part !== "");
  const folder = /^index\.x?html?$/i.test(parts.at(-1) ?? "") ? parts.slice(0, -1) : parts;
  return folder.slice(0, PARTS_MAX);
}
