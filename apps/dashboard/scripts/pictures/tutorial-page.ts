import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const TUTORIAL = resolve(import.meta.dirname, "../../../../docs/from-zero.md");

/** Writes the page that docs/from-zero.md has its reader write into a folder, at this stack's address; returns its file's URL. */
export function tutorialPage(edgeUrl: string, folder: string): string {
  const [, page] = /^cat > shop\.html <<'PAGE'\n(.*?)^PAGE$/ms.exec(readFileSync(TUTORIAL, "utf8")) ?? [];
  if (page === undefined) throw new Error("docs/from-zero.md writes no shop.html.");
  const file = join(folder, "shop.html");
  writeFileSync(file, page.replaceAll("http://localhost:8787", edgeUrl));
  return pathToFileURL(file).href;
}
