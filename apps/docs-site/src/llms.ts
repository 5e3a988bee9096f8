import { inOrder, type MapSection } from "./map.ts";
import type { SitePage } from "./pages.ts";

/** The list of pages for language models (llmstxt.org): each section of the map, then every other page as optional. */
export function llmsList(map: readonly MapSection[], pages: readonly SitePage[]): string {
  const home = pages.find(({ path }) => path === "index.md");
  const inMap = new Set(inOrder(map).map(({ file }) => file));
  const sections = map.map((section) => {
    const own = inOrder([section]).flatMap(({ file }) => pages.filter((page) => page.file === file));
    return `## ${section.title}\n\n${own.map(lineOf).join("\n")}\n`;
  });
  const others = pages.filter(({ file }) => file === null || !inMap.has(file));
  return [
    `# Prewarm\n\n> ${firstSentence(home?.text ?? "")}\n`,
    ...sections,
    `## Optional\n\n${others.map(lineOf).join("\n")}\n`,
  ].join("\n");
}

/** Every page of the map in one text, after the home page. */
export function llmsFull(map: readonly MapSection[], pages: readonly SitePage[]): string {
  const files = ["README.md", ...inOrder(map).map(({ file }) => file)];
  const texts = files.flatMap((file) => pages.filter((page) => page.file === file));
  return texts.map(({ path, text }) => `<!-- ${path} -->\n\n${text.trim()}\n`).join("\n");
}

function lineOf({ title, path, text }: SitePage): string {
  const sentence = firstSentence(text);
  return `- [${title}](${path})${sentence === "" ? "" : `: ${sentence}`}`;
}

/** The first sentence of a page's first paragraph, as plain text. */
export function firstSentence(text: string): string {
  const prose = text.replaceAll(/<!--[\s\S]*?-->|^```[\s\S]*?^```/gm, "");
  const first = prose.split(/\n\s*\n/).find((part) => /^[\p{L}`*[]/u.test(part.trim())) ?? "";
  const plain = first
    .trim()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)|\*\*/g, "$1")
    .replaceAll(/\s+/g, " ");
  return (/^.*?[.!?](?= |$)/.exec(plain)?.[0] ?? plain).replace(/:$/, ".");
}
