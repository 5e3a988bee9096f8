import { posix } from "node:path";

/** A page in the map: its file in the repository, and its short name. */
export interface MapPage {
  file: string;
  name: string;
}

/** A kind of pages (tutorial, how-to, reference, explanation), with its subjects where it has some. */
export interface MapSection {
  title: string;
  pages: MapPage[];
  subjects: { title: string; pages: MapPage[] }[];
}

const KINDS = ["Tutorial", "How-to", "Reference", "Explanation"];

/**
 * Reads order and names of the pages from docs/start.md, the one list of pages: each link of a section to a page of the repository is an entry,
 * and a line `Subject:` begins a subject. A link to an anchor or to a folder is none.
 */
export function readMap(start: string): MapSection[] {
  return KINDS.map((title) => {
    const body = new RegExp(`^## ${title}$(.*?)(?=^## |$(?![\\s\\S]))`, "ms").exec(start)?.[1];
    if (body === undefined) throw new Error(`docs/start.md has no section ${title}.`);
    const [own = "", ...parts] = body.split(/^(?=[A-Z][\w ]*:$)/m);
    const subjects = parts.map((part) => {
      const [head = "", ...rest] = part.split("\n");
      return { title: head.slice(0, -1), pages: pagesIn(rest.join("\n")) };
    });
    return { title, pages: pagesIn(own), subjects };
  });
}

/** Every page of the map, in order. */
export function inOrder(map: readonly MapSection[]): MapPage[] {
  return map.flatMap(({ pages, subjects }) => [...pages, ...subjects.flatMap((subject) => subject.pages)]);
}

function pagesIn(text: string): MapPage[] {
  return [...text.matchAll(/\[([^\]]+)\]\(([^)#\s]+\.md)\)/g)].map(([, name = "", link = ""]) => ({
    file: posix.join("docs", link),
    name: `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("\n", " ")}`,
  }));
}
