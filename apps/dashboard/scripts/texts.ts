import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseSync } from "vite";

/*
 * Every text that the dashboard shows, by file, so that one person can read them all: `node apps/dashboard/scripts/texts.ts` prints them
 * into apps/dashboard/TEXTS.md. A text stands where it is used; this list is for the review. texts.test.ts compares.
 */

const ROOM = join(import.meta.dirname, "..");
const LIST = join(ROOM, "TEXTS.md");
/** Attributes whose text a reader sees or hears. */
const SHOWN = ["aria-label", "title", "placeholder", "label", "what", "name", "verb", "caption", "alt"];

/** The list as it should be. */
export async function listTexts(): Promise<string> {
  const names = (await readdir(join(ROOM, "src"), { recursive: true })).filter((name) => /\.tsx?$/.test(name)).sort();
  const parts = await Promise.all(
    names.map(async (name) => ({ name, texts: textsOf(name, await readFile(join(ROOM, "src", name), "utf8")) })),
  );
  const shown = parts.filter(({ texts }) => texts.length > 0);
  const head =
    "# Texts of the dashboard\n\nPrinted by `apps/dashboard/scripts/texts.ts`; change a text where it is used.\n";
  return `${head}${shown.map(({ name, texts }) => `\n## ${name}\n\n${texts.map((text) => `- ${text}`).join("\n")}\n`).join("")}`;
}

/** A node of the syntax tree; what each kind has beside is read where its type is known. */
interface Node {
  type: string;
  [part: string]: unknown;
}

/** The texts of a file, each once, in order. `…` stands for a value. */
function textsOf(name: string, source: string): string[] {
  const found = new Set<string>();
  const add = (text: string) => {
    const said = text.replace(/\s+/g, " ").trim();
    if (/[A-Za-z]{2}/.test(said)) found.add(said);
  };
  walk(parseSync(name, source, { lang: "tsx" }).program as unknown as Node, (node) => {
    if (node.type === "JSXText") add(String(node.value));
    const text = node.type === "TemplateLiteral" ? wordsOf(node) : node.type === "Literal" ? node.value : null;
    if (typeof text === "string" && isSentence(text)) add(text);
    if (node.type !== "JSXAttribute") return;
    const [attribute, value] = [node.name as { name: string }, node.value as { value?: unknown } | null];
    if (SHOWN.includes(attribute.name) && typeof value?.value === "string") add(value.value);
  });
  return [...found];
}

/** Every node that may hold a text: no import and no type. */
function walk(node: Node, see: (node: Node) => void): void {
  if (/^Import|^TS(?!As|Satisfies|NonNull)/.test(node.type)) return;
  see(node);
  for (const part of Object.values(node).flat())
    if (typeof part === "object" && part !== null && "type" in part) walk(part as Node, see);
}

function wordsOf({ quasis }: Node): string {
  return (quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join("…");
}

/** Words with a blank between them that are no CSS, path, call or selector. */
function isSentence(text: string): boolean {
  return (
    /[A-Za-z…] [A-Za-z0-9…(]/.test(text) &&
    !/^(?:GET|POST|PUT|PATCH|DELETE) |[{}<>]|^\W*--|^main |^[a-z-]+(?: [a-z-]+){0,2}$/.test(text)
  );
}

if (import.meta.main) await writeFile(LIST, await listTexts());
